/* Roles, not threads: every function of the contract is tagged with the role that may call it.
 *
 *   [control]  life cycle; one call at a time in the whole host
 *   [loop]     one of the event loops; must not block. N loops call the same plugin at once, each with the
 * context that loop_start(index) returned, so state kept per loop needs no lock [store]    the store loop;
 * must not block. There is exactly one, so state touched only there needs no lock [worker]   the short or the
 * long pool; may block (short: 100 ms budget, long: as long as a run lasts) [any]      any of them
 *
 * Debug builds of the host stop at a violation, release builds count it and answer SH_WRONG_ROLE.
 */
#ifndef STREAMHOST_ABI_ROLE_H
#define STREAMHOST_ABI_ROLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a task or an answer is to run. */
typedef uint32_t sh_target;

enum {
    SH_ON_CONTROL = 1,
    SH_ON_STORE = 2,
    SH_ON_SHORT = 3, /* worker pool for work under 100 ms */
    SH_ON_LONG = 4,  /* worker pool for runs: a thread each, up to a cap */
    SH_ON_LOOP_0 = 256
};

#define SH_ON_LOOP(index) ((sh_target)(SH_ON_LOOP_0 + (uint32_t)(index)))

#ifdef __cplusplus
}
#endif
#endif
