#define PLUGIN_NAME "undefined_symbol"
#define START broken_start
#include "base.h"
extern sh_status nobody_has_this_function(void);
static sh_status broken_start(void* self, sh_error* error) {
    (void)self, (void)error;
    return nobody_has_this_function();
}
PLUGIN()
