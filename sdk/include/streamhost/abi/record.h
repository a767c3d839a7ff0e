/* One entry of a stream, as it is stored, published and delivered.
 *
 * `check` is a running hash: check_i = the first 8 bytes, big-endian, of SHA-1(hex16(check_{i-1}) type data);
 * check_0 is 0. Equal position (seq, check) means equal content up to there, whatever failed over in between.
 */
#ifndef STREAMHOST_ABI_RECORD_H
#define STREAMHOST_ABI_RECORD_H

#include "bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SH_RECORD_TEXT = 't', /* data: the content of a JSON string, escaped, without its quotes; whole UTF-8 */
    SH_RECORD_PART = 'p', /* data: any JSON object */
    SH_RECORD_MESSAGE = 'm', /* data: {"kind":"message",...} on a session's stream */
    SH_RECORD_RUN = 'r',     /* data: {"kind":"run","run","state","outcome?"} on a session's stream */
    SH_RECORD_END =
        'e' /* data: members of the end: "outcome":"complete"[,"error":{}][,"usage":{}] without braces */
};

/* What an owned stream (a run) holds at most, beside its end: SH_FULL over it. */
enum { SH_RUN_MAX_ENTRIES = 100000, SH_RUN_MAX_BYTES = 8 << 20 };

/* Stands in arrays, so it never grows: another shape is another type. */
typedef struct sh_record {
    uint64_t seq;  /* dense from 1 */
    uint64_t prev; /* check of seq-1 */
    uint64_t check;
    uint64_t fence;       /* who wrote it; 0 on shared streams */
    int64_t ts_ms;        /* store time, ms since 1970 */
    uint64_t joined_from; /* adjacent text joined into this record: the first of its seqs; 0: only `seq` */
    uint32_t type;        /* SH_RECORD_* */
    uint32_t reserved;
    sh_bytes data;
} sh_record;

/* Records to keep: counted like sh_buffer, the views inside live as long as the batch. [any] */
typedef struct sh_batch {
    uint32_t struct_size;
    uint32_t count;
    const sh_record* records;
    void (*retain)(const struct sh_batch* self);
    void (*release)(const struct sh_batch* self);
} sh_batch;

/* (0, 0) is "nothing seen yet". */
typedef struct sh_position {
    uint64_t seq;
    uint64_t check;
} sh_position;

/* How a stream stands, as stored in its meta record. */
enum {
    SH_STREAM_UNKNOWN = 1, /* nobody has written it yet */
    SH_STREAM_OPEN = 2,
    SH_STREAM_COMPLETE = 3,
    SH_STREAM_CANCELLED = 4,
    SH_STREAM_ERROR = 5,
    SH_STREAM_LOST = 6
};

#ifdef __cplusplus
}
#endif
#endif
