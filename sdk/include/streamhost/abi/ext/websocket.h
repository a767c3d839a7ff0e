/* WebSocket protocol handlers: the host owns sockets, framing, limits and queues; the plugin owns what
 * messages mean.
 *
 * A connection lives on one loop and every call about it is made there. open and closed are always paired,
 * exactly one of each.
 */
#ifndef STREAMHOST_EXT_WEBSOCKET_H
#define STREAMHOST_EXT_WEBSOCKET_H

#include "../bytes.h"
#include "../host.h"
#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_WEBSOCKET "streamhost.websocket/1"

/* Names a connection of this process: loop, slot and generation. Never reused while the process runs; 0 is
 * none. */
typedef uint64_t sh_connection;

#define SH_CONNECTION_LOOP(connection) ((uint32_t)((connection) >> 56))

typedef struct sh_websocket_open {
    uint32_t struct_size;
    uint32_t reserved;
    sh_bytes path;
    sh_bytes query;       /* as sent; must not be logged */
    sh_bytes subprotocol; /* the one chosen, or empty */
    sh_bytes peer;        /* address:port of the client */
    const void* self;
    /* First value of a request header, by name without regard to case; SH_NOT_FOUND. For the call only. */
    sh_status (*header)(const struct sh_websocket_open* open, const char* name, sh_bytes* out);
} sh_websocket_open;

/* `loop` is what the plugin's loop_start() returned for this loop, `context` what `open` returned for this
 * connection. All [loop]. */
typedef struct sh_websocket_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;
    /* The upgrade was answered 101. Returns the context. */
    void* (*open)(void* self, void* loop, sh_connection connection, const sh_websocket_open* info);
    /* One whole message; `binary` 1 or 0; text is valid UTF-8. `data` for the call only. */
    void (*message)(void* self, void* loop, void* context, sh_connection connection, uint8_t binary,
                    sh_bytes data);
    /* The last call for this connection. `code` as received or sent; 1006 when the transport just ended. */
    void (*closed)(void* self, void* loop, void* context, sh_connection connection, uint32_t code,
                   sh_bytes reason);
    /* The node drains, or this plugin ends: tell the client (goaway). The host closes with 4000 (the node) or
     * 1012 (the plugin) when what is queued has gone out. A plugin hears `closed` for each of its connections
     * before its loop_stop(). May be NULL. */
    void (*drain)(void* self, void* loop, void* context, sh_connection connection,
                  uint32_t reconnect_after_ms);
} sh_websocket_handler;

typedef struct sh_websocket_route {
    uint32_t struct_size;
    uint32_t heartbeat_ms; /* ping each ..., or more often if the node is configured so; two unanswered
                              close with 4001; 0: none */
    const char* path;      /* exact */
    const char* const* subprotocols; /* by preference, ends with NULL; a client that offers none of them is
                                        served without one */
    uint64_t max_message_bytes;      /* over it: close 1009, or `too_large_code` */
    uint32_t too_large_code;         /* 0: 1009 */
    uint32_t first_message_ms; /* the first message is due by then or the connection is closed 4400; 0: no
                                  deadline */
} sh_websocket_route;

typedef struct sh_websocket_ext {
    uint32_t struct_size;
    uint32_t reserved;
    sh_status (*add_route)(
        const sh_host* host, const sh_websocket_route* route, const sh_websocket_handler* handler,
        sh_handle* out); /* SH_CONFLICT when another plugin has the path; two generations of
                            one plugin may share it, the newer one is asked. [control] */
    /* Queues one whole message. SH_BUSY: over the direct queue's limit (64 frames or 256 KiB beside one
     * message), the connection is being closed with 4002. SH_GONE: closed. The pieces are joined. [loop of
     * the connection] */
    sh_status (*send)(sh_connection connection, uint8_t binary, const sh_bytes* pieces, uint32_t count);
    /* Starts the closing handshake after what is queued; reason at most 123 bytes. [any] */
    void (*close)(sh_connection connection, uint32_t code, sh_bytes reason);
    /* Stops and starts reading from the socket: while a token is checked, or while work of this client waits.
     * Counted. [loop] */
    void (*pause)(sh_connection connection);
    void (*resume)(sh_connection connection);
    /* Holds back stream frames (not direct ones), for answers that must come before a stream starts. Counted.
     * [loop] */
    void (*hold_streams)(sh_connection connection);
    void (*release_streams)(sh_connection connection);
} sh_websocket_ext;

#ifdef __cplusplus
}
#endif
#endif
