/* Who somebody is, by the token that they bring, and what they may do.
 *
 * An identity is what a token was worth when it was looked at: whoever keeps one ends it at its time, and
 * asks again when something was revoked.
 */
#ifndef STREAMHOST_SVC_AUTH_H
#define STREAMHOST_SVC_AUTH_H

#include "../async.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_AUTH "streamhost.auth/1"

/* What of an identity a revocation can name. Views of the call. */
typedef struct sh_auth_mark {
    uint32_t struct_size;
    uint32_t reserved;
    sh_bytes user;
    sh_bytes id;       /* of the token (jti), or empty */
    sh_bytes key;      /* that signed it (kid), or empty */
    int64_t issued_ms; /* since 1970; 0: it does not say */
    sh_bytes claims;   /* as the identity had it, or empty. Look at struct_size */
} sh_auth_mark;

enum { SH_VERB_READ = 1, SH_VERB_SEND = 2, SH_VERB_PRODUCE = 3, SH_VERB_ADMIN = 4 };

typedef struct sh_permit {
    uint32_t struct_size;
    sh_status status; /* SH_OK, SH_UNAUTHENTICATED, SH_FORBIDDEN, SH_UNAVAILABLE, SH_BUSY */
    char user[132];   /* whose token it is, unless that is not known; terminated */
    char detail[160]; /* what is wrong with it; terminated */
} sh_permit;

typedef struct sh_auth {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_OK: body = {"user","id","key","issued_ms","expires_ms","grants":["verb:pattern",...],"claims":TEXT};
     * expires_ms is since 1970 with the leeway in it, 0: never; the grants are what streamhost/grants.hpp
     * reads; what stands in claims is the provider's.
     * SH_UNAUTHENTICATED: detail says what is wrong with it and never what stands in it. SH_UNAVAILABLE:
     * whether it was revoked cannot be told yet. [any] */
    void (*authenticate)(void* self, sh_bytes token, sh_ticket ticket);
    /* Rises whenever identities may have ended before their time: a revocation, keys that were taken away,
     * other rules.
     * Whoever keeps identities then asks for each. [any] */
    uint64_t (*revision)(void* self);
    /* 1: this identity has ended. Does not block. [any] */
    uint8_t (*has_ended)(void* self, const sh_auth_mark* mark);
    /* For doors that wait for the answer: whether who brings this token may do that (SH_VERB_*) in this home,
     * whoever owns it. [worker] */
    void (*permits)(void* self, sh_bytes token, uint32_t verb, sh_bytes home, sh_permit* out);
} sh_auth;

#ifdef __cplusplus
}
#endif
#endif
