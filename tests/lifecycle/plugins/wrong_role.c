/* provide() is for [control]; this calls it on a loop. */
#define PLUGIN_NAME "wrong_role"
#define PROVIDES SAMPLE_SERVICE
#define DRAIN late_drain
#define LOOP_START early_provide
#include "base.h"
static sh_status answered = SH_OK;
static uint64_t call(void* self) {
    (void)self;
    return 1;
}
static const sample_table table = {sizeof(sample_table), 1, call};
static void* early_provide(void* self, uint32_t loop) {
    if (loop == 0) answered = services()->provide(host_of_instance, SAMPLE_SERVICE, &table, self);
    return NULL;
}
static uint32_t late_drain(void* self, uint32_t deadline_ms, sh_error* why) {
    (void)self, (void)deadline_ms;
    say(why, answered == SH_WRONG_ROLE ? "provide() answered SH_WRONG_ROLE" : "provide() was let through");
    return 0;
}
PLUGIN()
