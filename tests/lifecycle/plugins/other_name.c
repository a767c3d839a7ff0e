#define PLUGIN_NAME "another"
#include "base.h"
PLUGIN()
