/* The plugin's own section of the configuration: validated against its schema, defaults filled in, secrets
 * resolved.
 *
 * Paths are relative to the section: "providers.echo.delay_ms", "hosts.0.name". Views live as long as the
 * sh_config does: for the length of configure().
 */
#ifndef STREAMHOST_ABI_CONFIG_H
#define STREAMHOST_ABI_CONFIG_H

#include "bytes.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every getter answers SH_OK, SH_NOT_FOUND (no such path) or SH_INVALID (another type) and leaves *out alone
 * unless SH_OK. [control] */
typedef struct sh_config {
    uint32_t struct_size;
    uint32_t reserved;
    const void* self;
    sh_status (*get_string)(const struct sh_config* config, const char* path, sh_bytes* out);
    sh_status (*get_integer)(const struct sh_config* config, const char* path, int64_t* out);
    sh_status (*get_number)(const struct sh_config* config, const char* path, double* out);
    sh_status (*get_boolean)(const struct sh_config* config, const char* path, uint8_t* out);
    /* Members of an object, elements of an array. */
    sh_status (*get_size)(const struct sh_config* config, const char* path, uint64_t* out);
    /* Name of member `index` of the object at `path`, in file order. */
    sh_status (*get_key)(const struct sh_config* config, const char* path, uint64_t index, sh_bytes* out);
} sh_config;

#ifdef __cplusplus
}
#endif
#endif
