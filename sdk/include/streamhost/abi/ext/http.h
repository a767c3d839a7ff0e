/* HTTP routes served by a plugin: small requests, answered on a worker. Streams go through ext/websocket.h
 * and ext/delivery.h. */
#ifndef STREAMHOST_EXT_HTTP_H
#define STREAMHOST_EXT_HTTP_H

#include "../bytes.h"
#include "../host.h"
#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_HTTP "streamhost.http/1"

enum { SH_LISTENER_PUBLIC = 1, SH_LISTENER_ADMIN = 2 };

/* Views live until the handler returns. */
typedef struct sh_http_request {
    uint32_t struct_size;
    uint32_t listener; /* SH_LISTENER_* */
    sh_bytes method;
    sh_bytes path;  /* as sent, escapes not decoded; without "." and ".." segments, also escaped ones */
    sh_bytes query; /* as sent, without "?" */
    sh_bytes peer;  /* address of the client */
    sh_bytes body;
    const void* self;
    /* First value of a header, by name without regard to case; SH_NOT_FOUND. */
    sh_status (*header)(const struct sh_http_request* request, const char* name, sh_bytes* out);
} sh_http_request;

typedef struct sh_http_response {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    void (*status)(struct sh_http_response* response, uint32_t code); /* default 200 */
    void (*header)(struct sh_http_response* response, const char* name, sh_bytes value);
    void (*body)(struct sh_http_response* response,
                 sh_bytes bytes); /* appends; Content-Length is set by the host */
} sh_http_response;

/* [worker]. A status other than SH_OK becomes a problem+json answer, whose detail is what the handler gave as
 * the body, if anything. */
typedef sh_status (*sh_http_handler)(void* self, const sh_http_request* request, sh_http_response* response);

typedef struct sh_http_route {
    uint32_t struct_size;
    uint32_t listeners;      /* SH_LISTENER_* added up */
    const char* method;      /* "GET" serves HEAD too */
    const char* path;        /* "/health", or a prefix that ends with "/" followed by "*": "/client/" "*" */
    uint64_t max_body_bytes; /* 0: no body is accepted; over it 413, chunked 411 */
    uint32_t timeout_ms;     /* answered 503, and not run, when no worker took it by then; 0: 10,000 */
    uint32_t reserved;
} sh_http_route;

typedef struct sh_http_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_CONFLICT when another plugin has the method and path; two generations of one plugin may share them,
     * the newer one is asked. [control] */
    sh_status (*add_route)(const sh_host* host, const sh_http_route* route, sh_http_handler handler,
                           void* self, sh_handle* out);
} sh_http_ext;

#ifdef __cplusplus
}
#endif
#endif
