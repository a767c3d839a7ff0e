/* Delivery: how a stream's frames reach this node's readers.
 *
 * For each stream and encoding with readers the host keeps one append-only log of ready frames; a reader is a
 * cursor into it, so a frame is encoded once and a slow reader costs a cursor. The host knows frames and
 * cursors only. Which records follow each other, what a reader must see first and what replaces what is
 * decided by plugins, on the store loop.
 */
#ifndef STREAMHOST_EXT_DELIVERY_H
#define STREAMHOST_EXT_DELIVERY_H

#include "../bytes.h"
#include "../host.h"
#include "../record.h"
#include "../status.h"
#include "websocket.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_DELIVERY "streamhost.delivery/1"

/* Where an encoder puts frames. One call is one frame: the pieces are joined and the transport's header goes
 * in front. */
typedef struct sh_frame_writer {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    void (*frame)(struct sh_frame_writer* writer, uint64_t seq, uint64_t check, const sh_bytes* pieces,
                  uint32_t count);
} sh_frame_writer;

enum { SH_NOTICE_SUBSCRIBED = 1, SH_NOTICE_CAUGHT_UP = 2, SH_NOTICE_GAP = 3 };

/* What a reader is told about its subscription, beside the records. */
typedef struct sh_notice {
    uint32_t struct_size;
    uint32_t kind; /* SH_NOTICE_* */
    sh_bytes stream;
    sh_bytes request; /* the subscriber's request id as JSON text, empty when it did not ask */
    uint64_t first;   /* oldest seq kept; of a gap: its first missing seq */
    uint64_t last;    /* head; of a gap: its last missing seq */
    uint64_t check;   /* at `last` */
    uint32_t state;   /* SH_STREAM_* */
    uint32_t recovered;
    sh_bytes reason; /* "new" "trimmed" "diverged" "unknown" "expired", or empty */
} sh_notice;

/* What goes around a frame. An encoding serves the connections of that transport alone. */
enum {
    SH_FRAMING_WEBSOCKET = 0, /* one text message */
    SH_FRAMING_CHUNK = 1      /* one chunk of an HTTP response (ext/exchange.h) */
};

/* Pure functions of their arguments: no reader, no state, no clock. [store] and [loop], several at once */
typedef struct sh_encoder {
    uint32_t struct_size;
    uint32_t framing; /* SH_FRAMING_* */
    void* self;
    /* A frame per record, in order. A record with joined_from stands for several. */
    void (*encode)(void* self, sh_bytes stream, const sh_record* records, uint32_t count,
                   sh_frame_writer* writer);
    /* One frame that replaces everything a reader holds, for records already folded; position is that of the
     * last entry folded in. */
    void (*snapshot)(void* self, sh_bytes stream, const sh_record* records, uint32_t count, sh_position at,
                     sh_frame_writer* writer);
    void (*notice)(void* self, const sh_notice* notice, sh_frame_writer* writer);
} sh_encoder;

/* Steps chain: each starts where the one before ends, a snapshot excepted. */
enum {
    SH_PLAN_NOTICE = 1,   /* notice */
    SH_PLAN_RECORDS = 2,  /* records, count: encoded as frames, shared with other readers of the same range */
    SH_PLAN_SNAPSHOT = 3, /* records, count, position */
    SH_PLAN_LOG = 4,      /* first to last inside the node's log: no copy */
    SH_PLAN_JOIN = 5,     /* position: live from here on; must be what the log holds there. Last step */
    SH_PLAN_END = 6,      /* nothing follows: the subscription is done when this is sent. Last step */
    SH_PLAN_MORE =
        7 /* there is more than one plan should hold: SH_SUBSCRIPTION_BEHIND when this is sent. Last step */
};

typedef struct sh_plan_step {
    uint32_t struct_size;
    uint32_t kind; /* SH_PLAN_* */
    const sh_notice* notice;
    const sh_record* records;
    uint32_t count;
    uint32_t reserved;
    uint64_t first;
    uint64_t last;
    sh_position position;
} sh_plan_step;

/* What the node's log of a stream holds; first 0: nothing. `end` is where it stands even when it holds
 * nothing any more. */
typedef struct sh_log_range {
    uint64_t first;
    sh_position end;
} sh_log_range;

/* Why a subscription wants a new plan or is over. */
enum {
    SH_SUBSCRIPTION_BEHIND =
        1, /* it fell off the node's log, or sent a plan with SH_PLAN_MORE: go on after `sent` */
    SH_SUBSCRIPTION_RESET =
        2,                    /* the log was reset: what the reader holds may be wrong, it needs a snapshot */
    SH_SUBSCRIPTION_DONE = 3, /* the stream's end, or SH_PLAN_END, was sent */
    SH_SUBSCRIPTION_CLOSED = 4 /* the connection is gone */
};

typedef struct sh_delivery_events {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    /* [store] */
    void (*changed)(void* self, sh_connection reader, sh_bytes stream, uint32_t what, sh_position sent);
} sh_delivery_events;

typedef struct sh_delivery_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control]. The handle is the encoding's id for attach. */
    sh_status (*add_encoding)(const sh_host* host, const char* name, const sh_encoder* encoder,
                              sh_handle* out);
    /* Receives what happens to subscriptions that this plugin attached. [control] */
    sh_status (*set_events)(const sh_host* host, const sh_delivery_events* events);
    /* Appends to the logs of the stream's readers on this node. Records follow the log's end without a gap;
     * SH_GAP else. SH_OK without readers. SH_GONE: this plugin instance has not opened the log, or another
     * one has since. [store] */
    sh_status (*deliver)(const sh_host* host, sh_bytes stream, const sh_record* records, uint32_t count);
    /* The follower stands at `at`: deliver() goes on from there, and joins are checked against it. Who opens
     * it last feeds it; what an earlier instance says of the stream is ignored. [store] */
    sh_status (*open_log)(const sh_host* host, sh_bytes stream, sh_position at);
    /* The truth is different: drops the log, its readers get SH_SUBSCRIPTION_RESET, the follower stands at
     * `at`. [store] */
    void (*reset_log)(const sh_host* host, sh_bytes stream, sh_position at);
    /* Nobody follows any more. Readers that are left get SH_SUBSCRIPTION_BEHIND. [store] */
    void (*close_log)(const sh_host* host, sh_bytes stream);
    void (*range)(const sh_host* host, sh_bytes stream, sh_handle encoding, sh_log_range* out); /* [store] */
    /* Check of the entry at seq if the log holds it: SH_OK, SH_NOT_FOUND. [store] */
    sh_status (*check_at)(const sh_host* host, sh_bytes stream, sh_handle encoding, uint64_t seq,
                          uint64_t* check);
    /* Gives a reader its plan for a stream; `from` is what it holds when the plan starts. A second plan for
     * the same stream replaces the first at a frame boundary; its notices are still sent. SH_GONE: no such
     * reader, or its encoding went with the plugin that made it; SH_GAP: a log step or the join does not fit
     * the log; SH_NOT_FOUND: a join, and nobody follows the stream. Then nothing changed. [store] */
    sh_status (*attach)(const sh_host* host, sh_connection reader, sh_bytes stream, sh_handle encoding,
                        sh_position from, const sh_plan_step* steps, uint32_t count);
    void (*detach)(const sh_host* host, sh_connection reader, sh_bytes stream); /* [store] */
    /* Readers of a stream on this node. [store] */
    uint64_t (*readers)(const sh_host* host, sh_bytes stream);
} sh_delivery_ext;

#ifdef __cplusplus
}
#endif
#endif
