#define PLUGIN_NAME "never_drains"
#define DRAIN endless_drain
#include "base.h"
static uint32_t endless_drain(void* self, uint32_t deadline_ms, sh_error* why) {
    (void)self, (void)deadline_ms;
    say(why, "a run that never ends");
    return 1;
}
PLUGIN()
