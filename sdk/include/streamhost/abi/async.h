/* Answers that come later: exactly once, on the role that the asker named, never inside the asking call.
 *
 * The asker opens a ticket (ext/async.h) and passes it to a service. The provider completes it once, from any
 * role; the host carries the result to the asker's complete() on the asker's role. If the provider is stopped
 * first, the answer is SH_GONE; if the deadline passes, SH_TIMEOUT. All tickets of an asker are answered
 * before its stop() is called.
 */
#ifndef STREAMHOST_ABI_ASYNC_H
#define STREAMHOST_ABI_ASYNC_H

#include "bytes.h"
#include "record.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t sh_ticket; /* 0 is never a ticket: "no answer wanted" */

/* One shape for every answer; the function that answers says which members it fills, the others are zero. */
typedef struct sh_result {
    uint32_t struct_size;
    sh_status status;
    uint64_t first; /* first seq of a range; with SH_GAP the expected one */
    uint64_t last;  /* last seq, or head */
    uint64_t check; /* check at `last` */
    uint64_t fence;
    uint64_t count;  /* receivers, entries, token ... */
    int64_t wait_ms; /* retry or lease time */
    uint32_t state;  /* SH_STREAM_* */
    uint32_t flags;  /* SH_RESULT_* */
    const sh_buffer*
        body; /* or NULL; the receiver of complete() borrows it for the call and retains it to keep it */
    const sh_batch* batch; /* or NULL; likewise */
    char detail[160];      /* what went wrong, for a human; terminated */
} sh_result;

enum {
    SH_RESULT_DUPLICATE = 1u << 0, /* a repeat: the answer is that of the first call */
    SH_RESULT_OWNED = 1u << 1,     /* the stream has one producer at a time */
    SH_RESULT_MORE = 1u << 2,      /* the range goes on after `last` */
    SH_RESULT_LIVE = 1u << 3       /* nothing of the stream can have passed this node by unseen */
};

#ifdef __cplusplus
}
#endif
#endif
