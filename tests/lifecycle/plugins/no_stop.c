#define NAME "no_stop"
#define STOP NULL
#include "base.h"
PLUGIN()
