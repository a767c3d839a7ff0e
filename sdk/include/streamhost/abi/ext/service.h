/* Services: what plugins offer each other, by id.
 *
 * A lease is a slot bound to the id, not to a provider: a reload swaps its target, holders notice nothing;
 * without a provider a call answers SH_UNAVAILABLE. On a loop and on the store loop entering costs a read (a
 * provider is quiet when each loop has passed a round); on workers calls are counted.
 */
#ifndef STREAMHOST_EXT_SERVICE_H
#define STREAMHOST_EXT_SERVICE_H

#include "../host.h"
#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_SERVICE "streamhost.service/1"

typedef struct sh_lease sh_lease;

typedef struct sh_service_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* Offers a table (static storage) under an id that the descriptor lists. Callable from start() until
     * stop(). [control] */
    sh_status (*provide)(const sh_host* host, const char* id, const void* table, void* self);
    /* A table that is offered to nobody by name: the lease is handed to one other plugin, which calls back
     * through it and so never calls an instance that is gone. NULL when out of slots. Valid while the process
     * runs. [any] */
    const sh_lease* (*expose)(const sh_host* host, const void* table, void* self);
    /* Never fails for an id that the descriptor lists as required or optional; NULL else. Valid until
     * destroy(). [control] */
    const sh_lease* (*acquire)(const sh_host* host, const char* id);
    /* SH_OK: *table and *self may be used until leave(). SH_UNAVAILABLE: nobody provides it now. Enter and
     * leave on the same thread, in pairs, without blocking in between on [loop] and [store]. [any] */
    sh_status (*enter)(const sh_lease* lease, const void** table, void** self);
    void (*leave)(const sh_lease* lease);
} sh_service_ext;

#ifdef __cplusplus
}
#endif
#endif
