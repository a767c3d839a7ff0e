/* Asks itself, and answers twice. */
#define PLUGIN_NAME "doubles_answer"
#define START asking_start
#define DRAIN asking_drain
#define COMPLETE asking_complete
#include "base.h"
static uint32_t answers;
static sh_status asking_start(void* self, sh_error* error) {
    sh_ticket ticket;
    sh_result result;
    (void)self, (void)error;
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    if (async_calls()->open(host_of_instance, SH_ON_STORE, 7, NULL, 1000, &ticket) != SH_OK)
        return SH_INTERNAL;
    async_calls()->complete(host_of_instance, ticket, &result);
    async_calls()->complete(host_of_instance, ticket, &result);
    return SH_OK;
}
static void asking_complete(void* self, uint64_t token, const sh_result* result) {
    (void)self;
    if (token == 7 && result->status == SH_OK) __atomic_add_fetch(&answers, 1, __ATOMIC_SEQ_CST);
}
/* The host drops the second answer before the first one is delivered: once one was heard, no other can come.
 */
static uint32_t asking_drain(void* self, uint32_t deadline_ms, sh_error* why) {
    const uint32_t heard = __atomic_load_n(&answers, __ATOMIC_SEQ_CST);
    (void)self, (void)deadline_ms;
    say(why, heard == 0 ? "not heard yet" : heard == 1 ? "heard once" : "heard more than once");
    return heard == 0 ? 1 : 0;
}
PLUGIN()
