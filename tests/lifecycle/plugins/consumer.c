#define PLUGIN_NAME "consumer"
#define REQUIRES SAMPLE_SERVICE
#define START consumer_start
#include "base.h"
static sh_status consumer_start(void* self, sh_error* error) {
    const void* table;
    void* provider;
    const sh_lease* lease = services()->acquire(host_of_instance, SAMPLE_SERVICE);
    (void)self;
    if (lease == NULL || services()->enter(lease, &table, &provider) != SH_OK) {
        say(error, "the sample service is not there");
        return SH_UNAVAILABLE;
    }
    services()->leave(lease);
    return SH_OK;
}
PLUGIN()
