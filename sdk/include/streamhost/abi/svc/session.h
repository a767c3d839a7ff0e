/* Which connections of which user belong to which session, on which node. */
#ifndef STREAMHOST_SVC_SESSION_H
#define STREAMHOST_SVC_SESSION_H

#include "../async.h"
#include "../ext/websocket.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_SESSION "streamhost.session/1"

enum {
    /* The user was granted the session, whoever owns it, and does not become its owner. */
    SH_JOIN_GRANTED = 1u << 0
};

typedef struct sh_session_join {
    uint32_t struct_size;
    uint32_t flags; /* SH_JOIN_* */
    sh_connection connection;
    sh_bytes session; /* empty: a new one is generated */
    sh_bytes user;
    sh_bytes client; /* name and version, for operators */
} sh_session_join;

typedef struct sh_session {
    uint32_t struct_size;
    uint32_t reserved;
    /* SH_OK: body = {"session","affinity","created","last_node","guest"}: created in ms since 1970, last_node
     * empty when there was none, guest true (else left out) for who was granted a session that is not known
     * to be theirs. SH_FORBIDDEN: the session is another user's. SH_CONFLICT: the connection has joined
     * already. [any] */
    void (*join)(void* self, const sh_session_join* join, sh_ticket ticket);
    /* The connection closed; no answer. [any] */
    void (*leave)(void* self, sh_connection connection);
    /* SH_OK: body = JSON array of {"session","user","node","connections","since"}; user empty: all, at most
     * 1,000. count = registrations on all nodes, last = sessions on this one. [any] */
    void (*list)(void* self, sh_bytes user, sh_ticket ticket);
    /* Closes all connections of the session with 4403 on every node. SH_OK, within about a second: count =
     * connections closed on all nodes that said so, body = {"session","closed","unanswered"}: the nodes that
     * hold the session and did not; detail: why the count may be too low, if so. [any] */
    void (*kick)(void* self, sh_bytes session, sh_ticket ticket);
    /* SH_OK: the user owns the session's streams or nobody does; SH_FORBIDDEN. Ask before a write: what
     * nobody owned is the user's from then on, as with join, unless the user is "anonymous". [any] */
    void (*check_owner)(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket);
    /* SH_OK: count and last as list() gives them, and nothing else: the price does not grow with the
     * sessions. NULL, or beyond struct_size, where a provider does not tell. [any] */
    void (*count)(void* self, sh_ticket ticket);
    /* As check_owner(), and what nobody owned stays nobody's: for those who only look. NULL, or beyond
     * struct_size, where a provider does not tell. [any] */
    void (*look_owner)(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket);
    /* SH_OK: count = connections of the session on all nodes. NULL, or beyond struct_size, where a provider
     * does not tell. [any] */
    void (*connections)(void* self, sh_bytes session, sh_ticket ticket);
} sh_session;

#ifdef __cplusplus
}
#endif
#endif
