/* Provides a service, starts two timers and opens a ticket, and then cannot start after all. */
#define PLUGIN_NAME "start_half"
#define PROVIDES SAMPLE_SERVICE
#define START half_start
#define COMPLETE half_complete
#include "base.h"
static uint64_t call(void* self) {
    (void)self;
    return 1;
}
static const sample_table table = {sizeof(sample_table), 1, call};
static sh_status half_start(void* self, sh_error* error) {
    sh_handle timer;
    sh_ticket ticket;
    if (services()->provide(host_of_instance, SAMPLE_SERVICE, &table, self) != SH_OK) return SH_INTERNAL;
    if (tasks()->start_timer(host_of_instance, SH_ON_STORE, 1000, 1000, 1, &timer) != SH_OK)
        return SH_INTERNAL;
    if (tasks()->start_timer(host_of_instance, SH_ON_STORE, 1000, 1000, 2, &timer) != SH_OK)
        return SH_INTERNAL;
    if (async_calls()->open(host_of_instance, SH_ON_STORE, 7, NULL, 1000, &ticket) != SH_OK)
        return SH_INTERNAL;
    say(error, "the third step does not work here");
    return SH_UNAVAILABLE;
}
static void half_complete(void* self, uint64_t token, const sh_result* result) {
    (void)self, (void)token, (void)result;
}
PLUGIN()
