/* The follower side: this node's view of a stream, in order and without holes, and topics for everything that
 * is no stream.
 *
 * While a stream is followed its records go to the node's delivery log: next and chained is delivered, old is
 * dropped, anything else is read from the store first. Whoever plans readers (recovery) follows a stream
 * before it decides.
 */
#ifndef STREAMHOST_SVC_PUBSUB_H
#define STREAMHOST_SVC_PUBSUB_H

#include "../async.h"
#include "../ext/service.h"
#include "../record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_PUBSUB "streamhost.pubsub/1"

/* Given as an exposed lease (ext/service.h). */
typedef struct sh_follow_events {
    uint32_t struct_size;
    uint32_t reserved;
    /* Records went into the log, in order; views for the call. [store] */
    void (*records)(void* self, sh_bytes stream, const sh_record* records, uint32_t count);
} sh_follow_events;

/* Given as an exposed lease. */
typedef struct sh_topic_events {
    uint32_t struct_size;
    uint32_t reserved;
    void (*message)(void* self, sh_bytes topic, sh_bytes payload); /* [store] */
} sh_topic_events;

typedef struct sh_pubsub {
    uint32_t struct_size;
    uint32_t reserved;
    /* Counted per stream. Answers when the node's view has reached the store's head: first = oldest kept,
     * last, check, state, SH_RESULT_OWNED, SH_RESULT_LIVE: the link is up, and the view was compared with the
     * store since it came up. [store] */
    void (*follow)(void* self, sh_bytes stream, const sh_lease* events, sh_ticket ticket);
    void (*unfollow)(void* self, sh_bytes stream, const sh_lease* events); /* [store] */
    /* SH_OK: count = receivers on all nodes; zero is an answer. [any] */
    void (*publish)(void* self, sh_bytes topic, sh_bytes payload, sh_ticket ticket);
    /* `pattern` 1: * stands for any characters. SH_OK once messages flow. [any] */
    void (*subscribe)(void* self, sh_bytes topic, uint8_t pattern, const sh_lease* events, sh_ticket ticket);
    void (*unsubscribe)(void* self, sh_bytes topic, uint8_t pattern, const sh_lease* events,
                        sh_ticket ticket); /* [any] */
} sh_pubsub;

#ifdef __cplusplus
}
#endif
#endif
