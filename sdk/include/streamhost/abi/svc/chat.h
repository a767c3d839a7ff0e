/* Runs: a user's message is accepted once and answered by a stream that always ends. */
#ifndef STREAMHOST_SVC_CHAT_H
#define STREAMHOST_SVC_CHAT_H

#include "../async.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_CHAT "streamhost.chat/1"

typedef struct sh_chat_send {
    uint32_t struct_size;
    uint32_t reserved;
    sh_bytes session;
    sh_bytes user;
    sh_bytes key;     /* idempotency key, or empty */
    sh_bytes content; /* JSON text: the string of `content`, or any value of `data` */
    sh_bytes options; /* JSON object for the provider, or empty */
    const struct sh_trace_context*
        trace; /* of svc/tracing.h: the span that sends it, or NULL. Look at struct_size */
} sh_chat_send;

typedef struct sh_chat {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_OK: body = {"message","run","stream"}; SH_RESULT_DUPLICATE. SH_CONFLICT: the key was used with other
     * content. [any] */
    void (*send)(void* self, const sh_chat_send* send, sh_ticket ticket);
    /* SH_OK: the end is stored. SH_CONFLICT: it had ended. SH_NOT_FOUND. [any] */
    void (*cancel)(void* self, sh_bytes run, sh_bytes user, sh_bytes reason, sh_ticket ticket);
    /* Answers that are being produced on this node. NULL, or beyond struct_size, where a provider does not
     * tell. [any] */
    uint64_t (*active)(void* self);
} sh_chat;

#ifdef __cplusplus
}
#endif
#endif
