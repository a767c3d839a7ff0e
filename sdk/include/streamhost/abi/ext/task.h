/* Deferred work and timers. No closure crosses: the plugin keeps it under a number and gets the number back
 * in run_task(). */
#ifndef STREAMHOST_EXT_TASK_H
#define STREAMHOST_EXT_TASK_H

#include "../host.h"
#include "../role.h"
#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_TASK "streamhost.task/1"

typedef struct sh_task_ext {
    uint32_t struct_size;
    uint32_t loop_count; /* targets SH_ON_LOOP(0) .. SH_ON_LOOP(loop_count - 1) exist */
    /* Runs run_task(task) once on `target`, never inside this call. SH_BUSY when the pool's queue is full:
     * nothing was taken. Tasks of one poster to one loop or to the store run in order. What start() and
     * loop_start() post, and the timers that they start, begin when loop_start() has returned on every loop.
     * Not run any more once stop() was called. [any] */
    sh_status (*post)(const sh_host* host, sh_target target, uint64_t task);
    /* The same after delay_ms, then each period_ms (0: once). 1 ms to 24 days. Not for SH_ON_LONG. [any] */
    sh_status (*start_timer)(const sh_host* host, sh_target target, uint64_t delay_ms, uint64_t period_ms,
                             uint64_t task, sh_handle* timer);
    /* After it returns on the timer's own target the task does not run; from elsewhere one run may be under
     * way. [any] */
    void (*cancel_timer)(const sh_host* host, sh_handle timer);
    /* Which target am I on? 0 outside the host's threads. [any] */
    sh_target (*current)(const sh_host* host);
    /* Monotonic and wall clock in milliseconds; tests move them. [any] */
    int64_t (*monotonic_ms)(const sh_host* host);
    int64_t (*wall_ms)(const sh_host* host);
} sh_task_ext;

#ifdef __cplusplus
}
#endif
#endif
