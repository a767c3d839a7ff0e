/* What a plugin sees of the host: one way to ask for a capability by id.
 *
 * `extension` returns a table described in ext/<name>.h, or NULL when this host does not have it. The pointer
 * stays valid until the plugin's destroy() returned. Every function of an extension takes the sh_host it came
 * from, so that the host knows who calls.
 */
#ifndef STREAMHOST_ABI_HOST_H
#define STREAMHOST_ABI_HOST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t sh_handle; /* a timer, route, encoding ...: revocable by the host; 0 is never a handle */

typedef struct sh_host {
    uint32_t struct_size;
    uint32_t abi_minor; /* of the host, for logs only */
    void* self;
    const char* version;                                                  /* "1.2.3" */
    const void* (*extension)(const struct sh_host* host, const char* id); /* [any] */
} sh_host;

#ifdef __cplusplus
}
#endif
#endif
