#include <unistd.h>

#define PLUGIN_NAME "hangs"
#define DRAIN hangs_drain
#include "base.h"
static uint32_t hangs_drain(void* self, uint32_t deadline_ms, sh_error* why) {
    (void)self, (void)deadline_ms, (void)why;
    for (;;)
        pause();
    return 0;
}
PLUGIN()
