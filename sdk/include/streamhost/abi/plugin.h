/* The one symbol of a plugin, and the life cycle behind it.
 *
 *   discovered  verified  loaded  created  configured  started  draining  stopped  destroyed  retired
 * failed(reason) from anywhere
 *
 * The export list is checked without loading, the descriptor is read before create(). Libraries are never
 * unmapped while the process runs, so a function pointer never dangles; it may only answer for an instance
 * that is gone.
 */
#ifndef STREAMHOST_ABI_PLUGIN_H
#define STREAMHOST_ABI_PLUGIN_H

#include "async.h"
#include "config.h"
#include "host.h"
#include "role.h"
#include "status.h"
#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_PLUGIN_MAGIC 0x3150485354524853ull /* "SHRTSHP1" */

/* Of sh_descriptor. */
#define SH_PLUGIN_STOPS_LAST                                                                  \
    1u /* it serves those who look after the node: when the host ends it stops, with whatever \
        * it requires, after all others and after the admin listener has closed */

/* Constant data of the library; read before any of its code runs. Lists end with NULL. */
typedef struct sh_descriptor {
    uint32_t struct_size;
    uint32_t reserved;
    const char* name;    /* [a-z][a-z0-9_-]{0,31}: the key under `plugins.` in the configuration */
    const char* version; /* "1.2.3" */
    const char* summary; /* one line for operators */
    const char* const* provided_services; /* service ids, for example "streamhost.session/1" */
    const char* const* required_services; /* start order; missing: this plugin cannot start */
    const char* const* optional_services; /* may be absent, may come and go */
    const char* config_schema; /* JSON Schema of the section, or NULL for "takes no configuration" */
    uint32_t flags;            /* SH_PLUGIN_*; others are ignored */
    uint32_t reserved_at_end;
} sh_descriptor;

/* Filled by create(). Members after `destroy` may be NULL. No function may let an exception out. */
typedef struct sh_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    void* self;

    /* Check and take the section. Strict, complete, without side effects outside the instance, which may
     * never be started: so a section is tried. On a running plugin it answers SH_OK (applied),
     * SH_NEEDS_RESTART or SH_REJECTED and stays as it was unless SH_OK. [control] */
    sh_status (*configure)(void* self, const sh_config* config, sh_error* error);
    /* Provide services, register routes, start timers. On failure the host undoes exactly what it recorded.
     * [control] */
    sh_status (*start)(void* self, sh_error* error);
    /* Refuse new work and say what is left. Called again until 0 or the deadline; `why` names what is left.
     * [control] */
    uint32_t (*drain)(void* self, uint32_t deadline_ms, sh_error* why);
    /* End everything. Services are closed, tickets answered, timers revoked before this is called; join own
     * threads here. [control] */
    void (*stop)(void* self);
    /* Also after a failed configure() or start(). [control] */
    void (*destroy)(void* self);

    /* Per-loop context, given to the handlers that run there. NULL is a fine context. [loop] */
    void* (*loop_start)(void* self, uint32_t loop);
    void (*loop_stop)(void* self, uint32_t loop, void* context);
    /* A task or timer of ext/task.h is due. [the target that was named] */
    void (*run_task)(void* self, uint64_t task);
    /* The answer to a ticket or store command. [the target that was named; store commands: store] */
    void (*complete)(void* self, uint64_t token, const sh_result* result);
} sh_plugin;

typedef struct sh_entry {
    uint64_t magic; /* SH_PLUGIN_MAGIC */
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t struct_size;
    uint32_t reserved;
    const sh_descriptor* descriptor;
    /* `host` lives until destroy() returned; `plugin` comes zeroed with the host's struct_size. No side
     * effects. [control] */
    sh_status (*create)(const sh_host* host, sh_plugin* plugin, sh_error* error);
} sh_entry;

/* Exactly one per library: extern "C" SH_EXPORT const sh_entry streamhost_plugin_entry; */
#define SH_ENTRY_SYMBOL "streamhost_plugin_entry"

#ifdef __cplusplus
}
#endif
#endif
