/* What the host really enforces on a connection: a route says what its protocol wants, the operator may have
 * set less, and may change that while the node runs. A protocol that tells its clients limits asks here.
 */
#ifndef STREAMHOST_EXT_LIMITS_H
#define STREAMHOST_EXT_LIMITS_H

#include "../host.h"
#include "../status.h"
#include "websocket.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_LIMITS "streamhost.limits/1"

/* Of one WebSocket connection; they stay what they are as long as it lives. */
typedef struct sh_websocket_limits {
    uint32_t struct_size;  /* set by the caller: what is beyond is not written */
    uint32_t heartbeat_ms; /* between two pings; 0: none */
    uint64_t message_bytes;
} sh_websocket_limits;

typedef struct sh_limits_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_GONE: closed; SH_INVALID: `out` is older than the first version. [loop of the connection] */
    sh_status (*websocket)(sh_connection connection, sh_websocket_limits* out);
} sh_limits_ext;

#ifdef __cplusplus
}
#endif
#endif
