/* Is this node alive, ready, started? What does an operator see? The health plugin serves it over HTTP;
 * others may ask it here. */
#ifndef STREAMHOST_SVC_HEALTH_H
#define STREAMHOST_SVC_HEALTH_H

#include "../bytes.h"
#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_HEALTH "streamhost.health/1"

enum {
    SH_PROBE_LIVE = 1,
    SH_PROBE_READY = 2,
    SH_PROBE_STARTUP = 3,
    SH_PROBE_ALL = 4,
    SH_PROBE_DISTRIBUTED = 5
};

typedef struct sh_health {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_OK or SH_UNAVAILABLE; *body is a JSON object that the caller releases. [worker] */
    sh_status (*probe)(void* self, uint32_t kind, const sh_buffer** body);
} sh_health;

#ifdef __cplusplus
}
#endif
#endif
