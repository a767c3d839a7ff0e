#define PLUGIN_NAME "Bad Name"
#include "base.h"
PLUGIN()
