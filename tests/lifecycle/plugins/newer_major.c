#define PLUGIN_NAME "newer_major"
#define MAJOR 2
#include "base.h"
PLUGIN()
