#define PLUGIN_NAME "create_fails"
#include "base.h"
static sh_status create(const sh_host* host, sh_plugin* plugin, sh_error* error) {
    (void)host, (void)plugin;
    say(error, "no licence");
    return SH_FORBIDDEN;
}
ENTRY(create)
