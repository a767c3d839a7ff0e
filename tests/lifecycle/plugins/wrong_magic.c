#define PLUGIN_NAME "wrong_magic"
#define MAGIC 0x1122334455667788ull
#include "base.h"
PLUGIN()
