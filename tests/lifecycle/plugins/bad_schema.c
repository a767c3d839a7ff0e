#define PLUGIN_NAME "bad_schema"
#define SCHEMA "{\"type\": \"object\","
#include "base.h"
PLUGIN()
