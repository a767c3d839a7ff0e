/* Tickets: the return address of an asynchronous call between plugins. See ../async.h for the promise. */
#ifndef STREAMHOST_EXT_ASYNC_H
#define STREAMHOST_EXT_ASYNC_H

#include "../async.h"
#include "../host.h"
#include "../role.h"
#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_ASYNC "streamhost.async/1"

typedef struct sh_async_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* Reserves the slot before the call is made: SH_BUSY when none is free. `provider` is the lease the call
     * goes to: when its provider stops, the answer is SH_GONE. The answer reaches complete(token) on
     * `target`. deadline_ms 1 to 600,000. [any] */
    sh_status (*open)(const sh_host* host, sh_target target, uint64_t token, const sh_lease* provider,
                      uint32_t deadline_ms, sh_ticket* ticket);
    /* The call that should have used the ticket failed at once: takes it back, nothing is delivered. [any] */
    void (*withdraw)(const sh_host* host, sh_ticket ticket);
    /* Answers. The first answer counts, a second one is dropped and counted as a bug of the provider; ticket
     * 0 is ignored. The result is copied, its body and batch are retained. [any] */
    void (*complete)(const sh_host* host, sh_ticket ticket, const sh_result* result);
    /* A buffer to hand out. NULL when out of memory. [any] */
    const sh_buffer* (*make_buffer)(const sh_host* host, const sh_bytes* pieces, uint32_t count);
    /* Records to hand out: data is copied into the batch. NULL when out of memory. [any] */
    const sh_batch* (*make_batch)(const sh_host* host, const sh_record* records, uint32_t count);
} sh_async_ext;

#ifdef __cplusplus
}
#endif
#endif
