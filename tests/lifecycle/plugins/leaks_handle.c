/* Never cancels its timers, and starts another one when it is told to stop. */
#define PLUGIN_NAME "leaks_handle"
#define START leaking_start
#define STOP leaking_stop
#define DESTROY leaking_destroy
#include "base.h"
static sh_status at_stop = SH_OK;
static sh_status leaking_start(void* self, sh_error* error) {
    sh_handle timer;
    (void)self, (void)error;
    if (tasks()->start_timer(host_of_instance, SH_ON_STORE, 1000, 1000, 1, &timer) != SH_OK)
        return SH_INTERNAL;
    return tasks()->start_timer(host_of_instance, SH_ON_LOOP(0), 1000, 0, 2, &timer);
}
static void leaking_stop(void* self) {
    sh_handle timer;
    (void)self;
    at_stop = tasks()->start_timer(host_of_instance, SH_ON_STORE, 1000, 1000, 3, &timer);
}
static void leaking_destroy(void* self) {
    (void)self;
    if (at_stop != SH_GONE) __builtin_trap();
}
PLUGIN()
