#define PLUGIN_NAME "no_stop"
#define STOP NULL
#include "base.h"
PLUGIN()
