/* One decision per subscription: what does this reader need to hold the truth? A replay from its position, a
 * snapshot, a gap notice, or nothing because it is at the head.
 *
 * The reader gets `subscribed`, then the replay or snapshot, then `caught_up`, then live records, with
 * nothing lost or doubled in between.
 */
#ifndef STREAMHOST_SVC_RECOVERY_H
#define STREAMHOST_SVC_RECOVERY_H

#include "../async.h"
#include "../ext/websocket.h"
#include "../host.h"
#include "../record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_RECOVERY "streamhost.recovery/1"

enum {
    SH_FROM_POSITION = 1, /* after `position` */
    SH_FROM_START = 2,
    SH_FROM_TAIL = 3, /* only what comes from now on */
    SH_FROM_SNAPSHOT = 4
};

enum {
    SH_SUBSCRIBE_FOLLOW_RUNS = 1u << 0
}; /* on a session's stream: its open runs and those that start later, too */

typedef struct sh_subscribe {
    uint32_t struct_size;
    uint32_t from; /* SH_FROM_* */
    sh_connection reader;
    sh_handle encoding;
    sh_bytes stream;
    sh_bytes request; /* the client's request id as JSON text, or empty */
    sh_position position;
    uint32_t flags;
    uint32_t max_streams; /* of one connection */
} sh_subscribe;

typedef struct sh_recovery {
    uint32_t struct_size;
    uint32_t reserved;
    /* Answers when the reader has its plan: first, last, check, state. SH_TOO_LARGE: the connection has its
     * limit of streams. SH_UNAVAILABLE, SH_TIMEOUT: the store is away; the reader was not attached. SH_GONE:
     * the connection is. [any] */
    void (*subscribe)(void* self, const sh_subscribe* subscribe, sh_ticket ticket);
    /* SH_OK, SH_NOT_FOUND. A run stays unsubscribed until asked for again; of a session's stream it also ends
     * FOLLOW_RUNS. [any] */
    void (*unsubscribe)(void* self, sh_connection reader, sh_bytes stream, sh_ticket ticket);
} sh_recovery;

#ifdef __cplusplus
}
#endif
#endif
