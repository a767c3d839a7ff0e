// Serves SAMPLE_SERVICE with its GENERATION, and uses what pins a library or leaks between two of them:
// make_shared, regular expressions, an inline variable. An instance of it says 1 as long as it may be called.
#include <atomic>
#include <memory>
#include <regex>
#include <string>

#define PLUGIN_NAME "generation"
#define PROVIDES SAMPLE_SERVICE
#define START sample_start
#define STOP sample_stop
#define DESTROY sample_destroy
#define LOOP_START sample_loop_start
#define LOOP_STOP sample_loop_stop
#include "base.h"

inline int generation_of_statics = GENERATION;

namespace {

struct Sample {
    std::atomic<bool> alive{true};
    std::shared_ptr<std::string> text =
        std::make_shared<std::string>("generation " + std::to_string(GENERATION));
    int loops[64] = {};
};

uint64_t sample_call(void* self) {
    return static_cast<Sample*>(self)->alive.load(std::memory_order_relaxed) ? 1 : 0;
}

uint32_t number_in(const std::string& text) {
    std::smatch match;
    const std::regex number("[0-9]+");
    return std::regex_search(text, match, number) ? static_cast<uint32_t>(std::stoul(match.str())) : 0;
}

sample_table table{sizeof(sample_table), 0, sample_call};

sh_status sample_start(void* self, sh_error* error) {
    table.generation = number_in(*static_cast<Sample*>(self)->text);
    if (generation_of_statics != GENERATION) {
        say(error, "another generation's statics");
        return SH_INTERNAL;
    }
#ifdef FAILS
    say(error, "this generation does not start");
    return SH_UNAVAILABLE;
#endif
    sh_handle timer = 0;
    const sh_status timed = tasks()->start_timer(host_of_instance, SH_ON_STORE, 1000, 1000, 1, &timer);
    return timed != SH_OK ? timed : services()->provide(host_of_instance, SAMPLE_SERVICE, &table, self);
}
void sample_stop(void* self) { static_cast<Sample*>(self)->alive = false; }
void sample_destroy(void* self) { delete static_cast<Sample*>(self); }
void* sample_loop_start(void* self, uint32_t loop) { return &(static_cast<Sample*>(self)->loops[loop] = 1); }
void sample_loop_stop(void*, uint32_t, void* context) { *static_cast<int*>(context) = 0; }

sh_status sample_create(const sh_host* host, sh_plugin* plugin, sh_error*) {
    host_of_instance = host;
    plugin->self = new Sample;
    plugin->configure = base_configure;
    plugin->start = START;
    plugin->drain = base_drain;
    plugin->stop = STOP;
    plugin->destroy = DESTROY;
    plugin->loop_start = LOOP_START;
    plugin->loop_stop = LOOP_STOP;
    return SH_OK;
}

}  // namespace

ENTRY(sample_create)
