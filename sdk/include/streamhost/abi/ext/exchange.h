/* HTTP exchanges answered on the loop, now or later, whole or as a stream of server-sent events: for requests
 * that wait for a service, and for readers that speak no WebSocket. Small requests that a worker can answer
 * at once go through ext/http.h.
 *
 * A request is an exchange: open and closed are always paired, exactly one of each, all on one loop. Between
 * them it is answered once, by answer() or by begin(); after begin() its connection is a reader, and what it
 * reads is attached (ext/delivery.h) in an encoding of chunks.
 */
#ifndef STREAMHOST_EXT_EXCHANGE_H
#define STREAMHOST_EXT_EXCHANGE_H

#include "../bytes.h"
#include "../host.h"
#include "../status.h"
#include "http.h"
#include "websocket.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_EXCHANGE "streamhost.exchange/1"

enum {
    SH_EXCHANGE_CALL = 1,  /* to be answered whole */
    SH_EXCHANGE_STREAM = 2 /* the client accepts text/event-stream: begin(), or answer() why not */
};

typedef struct sh_http_field {
    const char* name;
    sh_bytes value;
} sh_http_field;

/* As in sh_websocket_handler. All [loop]. */
typedef struct sh_exchange_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    /* A request with its whole body; `request` for the call only. May be answered inside the call. Returns
     * the context. */
    void* (*open)(void* self, void* loop, sh_connection connection, uint32_t kind,
                  const sh_http_request* request);
    /* The last call for this exchange. Another one may follow on the same connection. `code` as of a
     * WebSocket's close: 1000 after a whole answer. */
    void (*closed)(void* self, void* loop, void* context, sh_connection connection, uint32_t code,
                   sh_bytes reason);
    /* The node drains, or this plugin ends: tell the reader of a stream. The host ends the response when what
     * is queued has gone out. May be NULL. */
    void (*drain)(void* self, void* loop, void* context, sh_connection connection,
                  uint32_t reconnect_after_ms);
} sh_exchange_handler;

typedef struct sh_exchange_route {
    uint32_t struct_size;
    uint32_t streams;        /* 1: GET may ask for text/event-stream here */
    const char* method;      /* as in sh_http_route */
    const char* path;        /* as in sh_http_route */
    uint64_t max_body_bytes; /* as in sh_http_route */
    uint32_t comment_ms;     /* a comment on streams that were silent for so long; 0: none */
    uint32_t reserved;
} sh_exchange_route;

typedef struct sh_exchange_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* On the public listeners. SH_CONFLICT as with sh_http_ext. A request that is not answered in limits of
     * the host (30 s) hears 504. [control] */
    sh_status (*add_route)(const sh_host* host, const sh_exchange_route* route,
                           const sh_exchange_handler* handler, sh_handle* out);
    /* The whole answer; Content-Length is set by the host. SH_GONE: the client is, or was told 504;
     * SH_CONFLICT: answered already. [loop of the connection] */
    sh_status (*answer)(sh_connection connection, uint32_t status, const sh_http_field* fields,
                        uint32_t count, sh_bytes body);
    /* 200 text/event-stream: events follow until end(), or until the one stream that the connection reads has
     * come to its end. SH_INVALID: of a call. Else as answer(). [loop of the connection] */
    sh_status (*begin)(sh_connection connection, const sh_http_field* fields, uint32_t count);
    /* Queues text of one or more whole events ahead of those of streams. SH_BUSY: over the direct queue's
     * limit, the connection is being closed. [loop of the connection] */
    sh_status (*send)(sh_connection connection, sh_bytes text);
    /* Ends the stream after what is queued. The code is for the host's counters. [any] */
    void (*end)(sh_connection connection, uint32_t code, sh_bytes reason);
} sh_exchange_ext;

#ifdef __cplusplus
}
#endif
#endif
