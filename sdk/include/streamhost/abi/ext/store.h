/* The store: what outlives this node. Commands are few, atomic and repeatable, the same over memory and over
 * Redis.
 *
 * Every command is made on the store loop and answered there once through complete(token), never inside the
 * call, unless it answers at once with something else than SH_OK (SH_BUSY, SH_GONE, SH_INVALID). A deadline
 * that passes answers SH_TIMEOUT, which says nothing about the effect; a repeat has the effect of one. Which
 * members of sh_result an answer fills is said per command. Views in requests live until the call returns.
 * timeout_ms 0 means 2,000.
 *
 * Common answers beside those named: SH_INVALID, SH_TOO_LARGE, SH_TIMEOUT, SH_BUSY, SH_GONE, SH_UNAVAILABLE
 * (no master, breaker open, or the store's memory is full; nothing was written).
 */
#ifndef STREAMHOST_EXT_STORE_H
#define STREAMHOST_EXT_STORE_H

#include "../async.h"
#include "../host.h"
#include "../record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_STORE "streamhost.store/1"

enum { SH_STORE_IF_EXISTS = 1u << 0, SH_STORE_OWNER_ONLY = 1u << 1, SH_STORE_NO_RIVALS = 1u << 2 };

typedef struct sh_store_claim {
    uint32_t struct_size;
    uint32_t flags; /* SH_STORE_IF_EXISTS: refuse an unknown stream; SH_STORE_OWNER_ONLY: SH_FORBIDDEN unless
                       `user` owns it; SH_STORE_NO_RIVALS: no other node would claim it, so there is nobody to
                       wait for behind a change of master */
    sh_bytes stream;
    sh_bytes user;
    uint64_t producer; /* random per producer and attempt, not 0: the same one gets the same fence again */
    uint32_t lease_ms; /* 1 to 3,600,000 */
    uint32_t timeout_ms;
} sh_store_claim;

/* Records chained by the caller (chain() below); renews the lease when lease_ms > 0. */
typedef struct sh_store_append {
    uint32_t struct_size;
    uint32_t count; /* 1 to 256 */
    sh_bytes stream;
    const sh_record* records;
    uint64_t fence;
    uint64_t producer;  /* of the claim; 0: the fence is proof enough */
    uint32_t end_state; /* SH_STREAM_OPEN, or how it ends: then the last record is SH_RECORD_END */
    uint32_t lease_ms;
    uint32_t timeout_ms;
    uint32_t reserved;
} sh_store_append;

typedef struct sh_store_publish {
    uint32_t struct_size;
    uint32_t count;
    sh_bytes stream;
    sh_bytes key;             /* 1 to 128 bytes; random when the client gave none */
    const sh_record* entries; /* type and data count, the store numbers */
    sh_bytes user;
    uint32_t flags; /* SH_STORE_OWNER_ONLY */
    uint32_t timeout_ms;
} sh_store_publish;

typedef struct sh_store_send {
    uint32_t struct_size;
    uint32_t count;
    sh_bytes home;
    sh_bytes key;
    sh_bytes content_hash; /* 1 to 64 bytes */
    sh_bytes run;          /* stream id with this home; made owned, open, without producer */
    const sh_record* entries;
    sh_bytes user;
    sh_bytes job;    /* what a worker needs; kept with the run */
    sh_bytes answer; /* kept with the key */
    uint32_t flags;  /* SH_STORE_OWNER_ONLY */
    uint32_t timeout_ms;
} sh_store_send;

/* One entry of `runs` and `tail`; `body` of the answer is an array of these, in order, followed by the ids
 * they point to. */
typedef struct sh_stream_info {
    sh_bytes stream;
    sh_bytes user;    /* of the first write */
    sh_bytes job;     /* of the send that made the run; empty in `tail` */
    sh_position base; /* newest entry that was trimmed; the oldest kept is base.seq + 1 */
    sh_position head;
    uint64_t fence;
    uint64_t claims;  /* how often a fence was given out */
    int64_t lease_ms; /* rest of the producer's lease */
    int64_t created_ms;
    uint32_t state; /* SH_STREAM_*; UNKNOWN: the other members are zero */
    uint32_t owned;
} sh_stream_info;

/* What readers of a home may count on, from the configuration (store.policies). DURABLE: they see what the
 * store took. LIVE: on the producer's node they go on while the store is away. MEMORY: never stored, kept by
 * this node for its own readers. */
enum { SH_POLICY_DURABLE = 1, SH_POLICY_LIVE = 2, SH_POLICY_MEMORY = 3 };

/* What arrives live for the homes, topics and patterns that this plugin subscribed to. A member that is NULL
 * is not called. All [store]. */
typedef struct sh_store_events {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    void (*records)(void* self, sh_bytes stream, const sh_record* records, uint32_t count);
    void (*topic)(void* self, sh_bytes pattern, sh_bytes topic, sh_bytes payload);
    /* up 1 or 0; also once when the listener is set, with what held before. Another epoch: anything may have
     * been missed, verify. */
    void (*link)(void* self, uint8_t up, uint64_t epoch);
} sh_store_events;

typedef struct sh_store_session {
    uint32_t struct_size;
    uint32_t lease_ms;
    sh_bytes session;
    sh_bytes node;
    sh_bytes user;
    sh_bytes data; /* up to 4 KiB */
} sh_store_session;

enum { SH_KEY_ALWAYS = 1, SH_KEY_IF_MISSING = 2, SH_KEY_IF_EQUALS = 3 };

/* [store] unless tagged. */
typedef struct sh_store_ext {
    uint32_t struct_size;
    uint32_t reserved;

    /* check of the entry after `prev`; see record.h. [any] */
    uint64_t (*chain)(uint64_t prev, uint32_t type, sh_bytes data);
    const char* (*kind)(const sh_host* host); /* "memory", "redis" ... [any] */
    /* [control] */
    sh_status (*set_events)(const sh_host* host, const sh_store_events* events);

    /* --- streams. Answers carry first (oldest kept), last and check (head), state, fence, SH_RESULT_OWNED.
     */
    /* SH_OK: fence, count = fences given out so far, body = the job that send kept. SH_HELD wait_ms,
     * SH_ENDED, SH_CONFLICT (shared), SH_NOT_FOUND, SH_FORBIDDEN */
    sh_status (*claim)(const sh_host* host, const sh_store_claim* request, uint64_t token);
    /* SH_OK; with SH_RESULT_DUPLICATE it was there. SH_GAP (last, check = head), SH_DIVERGED, SH_FENCED,
     * SH_ENDED, SH_FULL, SH_CONFLICT (other content, or a shared stream), SH_NOT_FOUND */
    sh_status (*append)(const sh_host* host, const sh_store_append* request, uint64_t token);
    /* lease_ms 0 gives the lease back. SH_OK, SH_FENCED, SH_ENDED, SH_NOT_FOUND */
    sh_status (*renew)(const sh_host* host, sh_bytes stream, uint64_t fence, uint64_t producer,
                       uint32_t lease_ms, uint64_t token);
    /* SH_OK: first, last, check of these entries; SH_RESULT_DUPLICATE. SH_CONFLICT, SH_FORBIDDEN */
    sh_status (*publish)(const sh_host* host, const sh_store_publish* request, uint64_t token);
    /* SH_OK: first, last, check on the home's stream, body = answer (of the first call, with
     * SH_RESULT_DUPLICATE). SH_CONFLICT, SH_FORBIDDEN */
    sh_status (*send)(const sh_host* host, const sh_store_send* request, uint64_t token);
    /* The store numbers and chains the end. if_fence 0: whoever produces. SH_OK, SH_RESULT_DUPLICATE;
     * SH_ENDED (another end), SH_FENCED, SH_NOT_FOUND, SH_CONFLICT */
    sh_status (*finish)(const sh_host* host, sh_bytes stream, uint32_t end_state, sh_bytes data,
                        uint64_t if_fence, uint64_t token);
    /* SH_OK: batch (may be empty), fence = check before its first record, SH_RESULT_MORE. SH_NOT_FOUND */
    sh_status (*read)(const sh_host* host, sh_bytes stream, uint64_t from, uint32_t max_entries,
                      uint32_t max_bytes, uint64_t token);
    /* At most 64 streams. SH_OK: body = sh_stream_info[count], in the order asked */
    sh_status (*tail)(const sh_host* host, const sh_bytes* streams, uint32_t count, uint64_t token);
    /* Owned streams of a home, oldest first. SH_OK: body = sh_stream_info[count] */
    sh_status (*runs)(const sh_host* host, sh_bytes home, uint64_t token);

    /* --- live channels. SH_OK when everything written from now on is delivered to set_events. Repeats are
     * fine. */
    sh_status (*subscribe)(const sh_host* host, sh_bytes home, uint64_t token);
    sh_status (*unsubscribe)(const sh_host* host, sh_bytes home, uint64_t token);
    /* SH_OK: count = receivers */
    sh_status (*topic_publish)(const sh_host* host, sh_bytes topic, sh_bytes payload, uint64_t token);
    sh_status (*topic_subscribe)(const sh_host* host, sh_bytes topic, uint8_t pattern, uint64_t token);
    sh_status (*topic_unsubscribe)(const sh_host* host, sh_bytes topic, uint8_t pattern, uint64_t token);

    /* --- registry: entries are leases of the node that wrote them */
    sh_status (*session_put)(const sh_host* host, const sh_store_session* entry, uint64_t token);
    /* SH_OK: body = JSON array of the sessions that have no entry of this node: put them again. At most 256
     */
    sh_status (*session_renew)(const sh_host* host, sh_bytes node, const sh_bytes* sessions, uint32_t count,
                               uint32_t lease_ms, uint64_t token);
    sh_status (*session_remove)(const sh_host* host, sh_bytes session, sh_bytes node,
                                uint64_t token); /* SH_OK, SH_NOT_FOUND */
    /* One of session and user, or neither: all, at most `max`. SH_OK: count = known in all, body = JSON
     * {"entries":[{"session","node","user","data","left_ms"}],"last_node"} */
    sh_status (*session_list)(const sh_host* host, sh_bytes session, sh_bytes user, uint32_t max,
                              uint64_t token);
    /* Takes entries that lapsed at least lapsed_ms ago: one caller gets each. Answer as session_list */
    sh_status (*session_expire)(const sh_host* host, uint32_t lapsed_ms, uint32_t max, uint64_t token);
    /* SH_OK: body as node_list: what it replaced, if anything. Data of another incarnation (ext/node.h),
     * after one's own first put: another process writes under this name */
    sh_status (*node_put)(const sh_host* host, sh_bytes node, sh_bytes data, uint32_t lease_ms,
                          uint64_t token);
    sh_status (*node_remove)(const sh_host* host, sh_bytes node, uint64_t token);
    /* SH_OK: body = JSON array of {"node","data","left_ms"} */
    sh_status (*node_list)(const sh_host* host, uint64_t token);

    /* --- runs that have not ended, ordered by when to look at them next. Put before the run is made: nothing
     * is forgotten */
    sh_status (*open_put)(const sh_host* host, sh_bytes shard, sh_bytes run, uint32_t due_in_ms,
                          uint64_t token);
    /* Takes due members by moving them `again_in_ms` ahead: one caller gets each. body = JSON array of run
     * ids */
    sh_status (*open_take)(const sh_host* host, sh_bytes shard, uint32_t max, uint32_t again_in_ms,
                           uint64_t token);
    sh_status (*open_remove)(const sh_host* host, sh_bytes shard, sh_bytes run, uint64_t token);

    /* --- locks: safety is the token, the lock only saves work. SH_OK: fence = token. SH_HELD: wait_ms.
     * SH_FENCED */
    sh_status (*lock)(const sh_host* host, sh_bytes name, sh_bytes owner, uint32_t lease_ms, uint32_t wait_ms,
                      uint64_t token);
    sh_status (*lock_renew)(const sh_host* host, sh_bytes name, uint64_t fence, uint32_t lease_ms,
                            uint64_t token);
    sh_status (*lock_release)(const sh_host* host, sh_bytes name, uint64_t fence, uint64_t token);

    /* --- small values with an end, 1 ms to 30 days. SH_OK: body = value, wait_ms = rest of its life.
     * SH_NOT_FOUND, SH_CONFLICT (body = the present value) */
    /* SH_OK and SH_NOT_FOUND: count = milliseconds since 1970 by the clock that all nodes of the store share;
     * 0: there is none */
    sh_status (*key_get)(const sh_host* host, sh_bytes key, uint64_t token);
    sh_status (*key_set)(const sh_host* host, sh_bytes key, sh_bytes value, int64_t ttl_ms,
                         uint32_t condition, sh_bytes expected, uint64_t token);
    sh_status (*key_remove)(const sh_host* host, sh_bytes key, uint32_t condition, sh_bytes expected,
                            uint64_t token);

    /* --- queues with a consumer group. push: SH_OK. take waits up to wait_ms: body = JSON array of
     * {"id","payload","deliveries"}, SH_TIMEOUT with none. ack: count = how many were pending */
    sh_status (*job_push)(const sh_host* host, sh_bytes queue, sh_bytes payload, uint64_t token);
    sh_status (*job_take)(const sh_host* host, sh_bytes queue, sh_bytes consumer, uint32_t max,
                          uint32_t wait_ms, uint32_t idle_ms, uint64_t token);
    sh_status (*job_ack)(const sh_host* host, sh_bytes queue, const sh_bytes* jobs, uint32_t count,
                         uint64_t token);

    /* --- policies */
    uint32_t (*policy)(const sh_host* host, sh_bytes stream); /* SH_POLICY_* of its home [any] */
    /* Passes chained records on to set_events() of this node as if the store had taken them, which the caller
     * owes: the same records by append(). An end cannot be previewed, for a store that is back may know of
     * another one. SH_FORBIDDEN: the policy is not LIVE; SH_INVALID: an end. */
    sh_status (*preview)(const sh_host* host, sh_bytes stream, const sh_record* records, uint32_t count);

    /* --- rates that several nodes share. A bucket of `burst` tokens, of which one comes back every
     * interval_ns (1,000 and more; a whole bucket within 24 h) by the store's clock. Gives as many of `want`
     * as are there. SH_OK: count = tokens given, also 0; wait_ms = until one more is there, where less was
     * given than wanted. want 0: the bucket is full again. A repeat may take again */
    sh_status (*rate_take)(const sh_host* host, sh_bytes key, uint64_t interval_ns, uint32_t burst,
                           uint32_t want, uint64_t token);
} sh_store_ext;

#ifdef __cplusplus
}
#endif
#endif
