/* Bytes that cross the boundary: a view for the length of a call, or a counted buffer to keep.
 *
 * sh_bytes is valid until the call that carries it returns, unless the function says otherwise. To keep bytes
 * there is one type, the reference-counted immutable sh_buffer: a chunk is formatted once and shared by
 * everybody who needs it. Who is shown one in a result borrows it for the call, and retains it to keep it.
 */
#ifndef STREAMHOST_ABI_BYTES_H
#define STREAMHOST_ABI_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sh_bytes {
    const char* data; /* may be NULL when size is 0; not terminated */
    uint64_t size;
} sh_bytes;

/* Immutable after creation. The side that allocated it frees it: through `release`, when the last reference
 * goes. [any] */
typedef struct sh_buffer {
    uint32_t struct_size;
    uint32_t reserved;
    const char* data;
    uint64_t size;
    void (*retain)(const struct sh_buffer* self);
    void (*release)(const struct sh_buffer* self);
} sh_buffer;

#ifdef __cplusplus
}
#endif
#endif
