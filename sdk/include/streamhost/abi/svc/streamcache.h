/* The producer side of streams and their log: who may write, in which order, and what can be read back.
 *
 * Owned streams (runs) have one producer at a time: claim, then append with the fence that the claim gave.
 * Shared streams (sessions, plain publish) are numbered by the store. A reader sees an entry only after the
 * store took it. Every call answers its ticket once; what a result's members mean is said per function, the
 * rest is zero. All [any] unless tagged.
 */
#ifndef STREAMHOST_SVC_STREAMCACHE_H
#define STREAMHOST_SVC_STREAMCACHE_H

#include "../async.h"
#include "../record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_STREAMCACHE "streamhost.streamcache/1"

enum {
    SH_CLAIM_KEEP =
        1u << 0, /* the producer is in this process: its lease is renewed until the end, and write()
                   takes its entries. Without it silence of a lease's length gives the stream up */
    SH_CLAIM_NO_RIVALS =
        1u << 1 /* no other node would claim it. Without it a claim waits, for some seconds behind a
                   change of the store's master, for those who may have claimed the stream before */
};

/* An entry that has no number yet. */
typedef struct sh_item {
    uint32_t type; /* SH_RECORD_*, not SH_RECORD_END */
    uint32_t reserved;
    sh_bytes data;
} sh_item;

typedef struct sh_append {
    uint32_t struct_size;
    uint32_t count; /* 1 to 256, or 0 with an end */
    sh_bytes stream;
    uint64_t fence;
    uint64_t seq; /* the number that the first item must get */
    const sh_item* items;
    sh_bytes end; /* data of the end record, or empty: the stream goes on */
} sh_append;

typedef struct sh_publish {
    uint32_t struct_size;
    uint32_t count;
    sh_bytes stream;
    sh_bytes key; /* idempotency key, or empty: kept 10 min or 1,024 publishes */
    const sh_item* items;
} sh_publish;

/* A user's message and the run that will answer it, in one step. */
typedef struct sh_send {
    uint32_t struct_size;
    uint32_t reserved;
    sh_bytes session;
    sh_bytes user;
    sh_bytes key;          /* idempotency key, or empty: kept 24 h */
    sh_bytes content_hash; /* same key with another hash: SH_CONFLICT */
    sh_bytes run;          /* id of the new run's stream */
    sh_bytes message_data; /* record of type message for the session's stream */
    sh_bytes run_data;     /* record of type run, state pending, for the session's stream */
    sh_bytes job;          /* what a worker needs to produce the answer; kept with the run until it ends */
    sh_bytes answer;       /* kept with the key and answered again on a repeat */
} sh_send;

typedef struct sh_range {
    uint32_t struct_size;
    uint32_t max_entries; /* 0: 1,000 */
    uint64_t from;        /* first seq wanted, at least 1 */
    uint64_t max_bytes;   /* 0: 4 MiB */
} sh_range;

typedef struct sh_streamcache {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_OK: fence, last and check (where to go on), count = how often it was claimed, body = the job given
     * to send(). SH_HELD: wait_ms. SH_ENDED, SH_CONFLICT (a shared stream). lease_ms 1,000 to 600,000;
     * appends renew it. flags: SH_CLAIM_*. */
    void (*claim)(void* self, sh_bytes stream, uint32_t lease_ms, uint32_t flags, sh_ticket ticket);
    void (*renew)(void* self, sh_bytes stream, uint64_t fence, sh_ticket ticket);
    /* SH_OK: first, last, check; a repeat with the same content has SH_RESULT_DUPLICATE, with other content
     * SH_CONFLICT. SH_GAP: first = expected. SH_FENCED, SH_ENDED, SH_DIVERGED, SH_FULL, SH_NOT_FOUND (never
     * claimed). Appends to one stream are done in the order of the calls; SH_BUSY: 1,024 wait already. */
    void (*append)(void* self, const sh_append* append, sh_ticket ticket);
    /* SH_OK: first, last, check, SH_RESULT_DUPLICATE. SH_CONFLICT: an owned stream, or the key with another
     * content. */
    void (*publish)(void* self, const sh_publish* publish, sh_ticket ticket);
    /* SH_OK: body = answer (of the first call, with SH_RESULT_DUPLICATE), first and last on the session's
     * stream. SH_CONFLICT. */
    void (*send)(void* self, const sh_send* send, sh_ticket ticket);
    /* Ends an owned stream without a claim: cancel, lost. if_fence 0: whoever produces. SH_OK: last, check.
     * SH_ENDED: someone was first; state says how. SH_FENCED. */
    void (*finish)(void* self, sh_bytes stream, sh_bytes end, uint64_t if_fence, sh_ticket ticket);
    /* SH_OK: batch; first = oldest seq kept, last = head, check at head, state, SH_RESULT_MORE,
     * SH_RESULT_OWNED. A stream that nobody has written: SH_OK with last 0 and SH_STREAM_UNKNOWN. */
    void (*read)(void* self, sh_bytes stream, const sh_range* range, sh_ticket ticket);
    /* Everything kept, folded: adjacent text joined, run states reduced to the last, no end record. SH_OK:
     * batch, first, last and check of the last entry folded in, state. */
    void (*snapshot)(void* self, sh_bytes stream, sh_ticket ticket);
    /* SH_OK: first, last, check, state, SH_RESULT_OWNED. */
    void (*tail)(void* self, sh_bytes stream, sh_ticket ticket);
    /* SH_OK: body = JSON array of {"run","state","job"} of the session's runs that have not ended. */
    void (*runs)(void* self, sh_bytes session, sh_ticket ticket);

    /* A local producer with batching: one append is in flight per stream, what arrives meanwhile is the next
     * batch. After claim with SH_CLAIM_KEEP, from the claiming plugin. write() copies and answers at once:
     * SH_OK, SH_BUSY (its buffer is full: wait for a ticket of an earlier write), SH_FENCED, SH_ENDED, or,
     * for one lease after the store refused an entry, what it said (SH_FULL ...). The ticket answers when the
     * store took it (last, check). */
    sh_status (*write)(void* self, sh_bytes stream, uint64_t fence, const sh_item* items, uint32_t count,
                       sh_ticket ticket);
    sh_status (*write_end)(void* self, sh_bytes stream, uint64_t fence, sh_bytes end, sh_ticket ticket);
    /* Gives the lease back, so that whoever claims next need not wait for its end: when the store has what
     * write() took before, and nothing is written with this fence behind it. SH_OK, SH_FENCED, SH_ENDED,
     * SH_NOT_FOUND, or what the store refused an entry with. Until it answers the lease is not renewed. */
    void (*release)(void* self, sh_bytes stream, uint64_t fence, sh_ticket ticket);
} sh_streamcache;

#ifdef __cplusplus
}
#endif
#endif
