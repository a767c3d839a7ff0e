/* How often somebody may do something, and how many connections they may hold. */
#ifndef STREAMHOST_SVC_RATELIMIT_H
#define STREAMHOST_SVC_RATELIMIT_H

#include "../bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_RATELIMIT "streamhost.ratelimit/1"

enum {
    SH_RATE_CONNECT = 1, /* an upgrade: by address */
    SH_RATE_HELLO = 2,
    SH_RATE_READ = 3,    /* subscribe, unsubscribe, history, resume, ping */
    SH_RATE_SEND = 4,    /* send, cancel */
    SH_RATE_PRODUCE = 5, /* append, claim, renew */
    SH_RATE_ADMIN = 6
};

/* Who asks. Views of the call; what is empty is not known and not limited by. */
typedef struct sh_rate_subject {
    uint32_t struct_size;
    uint32_t verb;    /* SH_RATE_* */
    sh_bytes address; /* of the client, without its port */
    sh_bytes user;
    sh_bytes session;
} sh_rate_subject;

typedef struct sh_ratelimit {
    uint32_t struct_size;
    uint32_t reserved;
    /* Takes `cost` from every bucket that applies, or from none. 0: go on; else ms after which it is worth
     * another try. Does not block and asks nobody. [any] */
    int64_t (*take)(void* self, const sh_rate_subject* subject, uint32_t cost);
    /* A connection of this address begins, or one of this user (either may be empty). 0: it counts from now
     * on, and leave() takes it back; else as take(). [any] */
    int64_t (*enter)(void* self, sh_bytes address, sh_bytes user);
    void (*leave)(void* self, sh_bytes address, sh_bytes user);
    /* Of this instance, which knows of no connection that another one counted: whoever keeps connections asks
     * within the same call as enter(), enters them again when it is another one, and takes back only what
     * this one counted. Not 0. Look at struct_size. [any] */
    uint64_t (*epoch)(void* self);
} sh_ratelimit;

#ifdef __cplusplus
}
#endif
#endif
