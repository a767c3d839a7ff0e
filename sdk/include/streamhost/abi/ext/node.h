/* This node: who it is, how it stands, and what a plugin wants operators to see of itself. */
#ifndef STREAMHOST_EXT_NODE_H
#define STREAMHOST_EXT_NODE_H

#include "../bytes.h"
#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_NODE "streamhost.node/1"

/* DOWN: this node should get no new clients, so /health/ready says 503. Never for what other nodes share,
 * such as a store: all of them would say so at once. */
enum { SH_HEALTH_OK = 1, SH_HEALTH_DEGRADED = 2, SH_HEALTH_DOWN = 3 };

/* Phases of the process, in order. */
enum { SH_NODE_STARTING = 1, SH_NODE_RUNNING = 2, SH_NODE_DRAINING = 3, SH_NODE_STOPPING = 4 };

typedef struct sh_node_ext {
    uint32_t struct_size;
    uint32_t reserved;
    const char* (*id)(const sh_host* host);   /* node.id; stable for the process. [any] */
    const char* (*name)(const sh_host* host); /* of the server, with its version: "streamhost/0.1.0". [any] */
    uint32_t (*phase)(const sh_host* host);   /* SH_NODE_*. [any] */
    /* State of a named component of the calling plugin, shown in /health; kept until set again or the plugin
     * stops. [any] */
    void (*set_health)(const sh_host* host, const char* component, uint32_t state, sh_bytes detail);
    /* The whole report: node, phase, loops, plugins, transports per listener, stores, components. JSON text.
     * [worker] */
    const sh_buffer* (*report)(const sh_host* host);
    /* Prometheus text of the whole registry. [worker] */
    const sh_buffer* (*metrics_text)(const sh_host* host);
    /* Of this process, other processes of the same node.id have others: when it started, where and as which
     * process, "1767225600000@host/4711". The later one is the greater text. [any] */
    const char* (*incarnation)(const sh_host* host);
} sh_node_ext;

#ifdef __cplusplus
}
#endif
#endif
