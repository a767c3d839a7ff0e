#define PLUGIN_NAME "watches"
#define REQUIRES SAMPLE_SERVICE
#define FLAGS SH_PLUGIN_STOPS_LAST
#include "base.h"
PLUGIN()
