#define NAME "another"
#include "base.h"
PLUGIN()
