/* What a call answers. Zero is success, everything else says who can act.
 *
 * The numbers are frozen. A receiver treats an unknown number as SH_INTERNAL.
 */
#ifndef STREAMHOST_ABI_STATUS_H
#define STREAMHOST_ABI_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t sh_status;

enum {
    SH_OK = 0,
    /* the caller (in the end: the client) can act */
    SH_INVALID = 1,   /* malformed argument or request */
    SH_NOT_FOUND = 2, /* no such stream, session, key, extension */
    SH_CONFLICT = 3,  /* same key, other content; other kind of stream; already ended */
    SH_FORBIDDEN = 4, /* the identity may not do this */
    SH_TOO_LARGE = 5, /* over a limit that is stated in the contract */
    SH_FENCED = 6,    /* a newer owner exists: stop producing */
    SH_HELD = 7,      /* another owner's lease lives: wait_ms says how long */
    SH_GAP = 8,       /* sequence gap: `first` names the expected number */
    SH_ENDED = 9,     /* the stream has its end */
    SH_DIVERGED = 10, /* the store has other content at this position */
    SH_FULL = 11,     /* the stream reached its bound */
    SH_EXPIRED = 12,  /* it existed and its lifetime is over, or it was trimmed */
    SH_RATE_LIMITED = 13,
    SH_UNAUTHENTICATED = 14,
    /* the environment: retry later */
    SH_BUSY = 20,        /* a bounded queue or table is full */
    SH_UNAVAILABLE = 21, /* no provider, or the store is away */
    SH_TIMEOUT = 22,     /* the deadline passed; the outcome is unknown */
    SH_GONE = 23,        /* the target was stopped before it could answer */
    SH_CANCELLED = 24,
    /* configuration, answered by configure() on a running plugin */
    SH_NEEDS_RESTART = 30,
    SH_REJECTED = 31,
    /* our bug */
    SH_INTERNAL = 40,
    SH_WRONG_ROLE = 41, /* called from a thread role that the contract does not allow */
    SH_UNSUPPORTED = 42 /* the table is shorter than this member */
};

/* Caller-owned. The callee fills `text` with what happened and the next step, in UTF-8, always terminated. */
typedef struct sh_error {
    uint32_t struct_size;
    sh_status status;
    char text[504];
} sh_error;

#ifdef __cplusplus
}
#endif
#endif
