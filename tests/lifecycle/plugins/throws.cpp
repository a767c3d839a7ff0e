// One function of it throws: THROW_IN says which, in capitals as in base.h.
#include <stdexcept>

#define CONFIGURE throwing_configure
#define START throwing_start
#define DRAIN throwing_drain
#define STOP throwing_stop
#define DESTROY throwing_destroy
#define LOOP_START throwing_loop_start
#define LOOP_STOP throwing_loop_stop
#define RUN_TASK throwing_run_task
#define COMPLETE throwing_complete
#include "base.h"

namespace {

enum Hook { none, create, configure, start, drain, stop, destroy, loop_start, loop_stop, run_task, complete };

void maybe_throw(Hook here) {
    if (here == THROW_IN) throw std::runtime_error("boom");
}

sh_status throwing_configure(void*, const sh_config*, sh_error*) {
    maybe_throw(configure);
    return SH_OK;
}
// Has a task and an answer come to it, so that each function is called.
sh_status throwing_start(void*, sh_error*) {
    maybe_throw(start);
    sh_ticket ticket = 0;
    if (async_calls()->open(host_of_instance, SH_ON_STORE, 7, nullptr, 1000, &ticket) != SH_OK)
        return SH_INTERNAL;
    sh_result result{};
    result.struct_size = sizeof result;
    async_calls()->complete(host_of_instance, ticket, &result);
    return tasks()->post(host_of_instance, SH_ON_STORE, 3);
}
uint32_t throwing_drain(void*, uint32_t, sh_error*) {
    maybe_throw(drain);
    return 0;
}
void throwing_stop(void*) { maybe_throw(stop); }
void throwing_destroy(void*) { maybe_throw(destroy); }
void* throwing_loop_start(void*, uint32_t) {
    maybe_throw(loop_start);
    return nullptr;
}
void throwing_loop_stop(void*, uint32_t, void*) { maybe_throw(loop_stop); }
void throwing_run_task(void*, uint64_t) { maybe_throw(run_task); }
void throwing_complete(void*, uint64_t, const sh_result*) { maybe_throw(complete); }

sh_status throwing_create(const sh_host* host, sh_plugin* plugin, sh_error*) {
    maybe_throw(create);
    host_of_instance = host;
    plugin->configure = CONFIGURE;
    plugin->start = START;
    plugin->drain = DRAIN;
    plugin->stop = STOP;
    plugin->destroy = DESTROY;
    plugin->loop_start = LOOP_START;
    plugin->loop_stop = LOOP_STOP;
    plugin->run_task = RUN_TASK;
    plugin->complete = COMPLETE;
    return SH_OK;
}

}  // namespace

ENTRY(throwing_create)
