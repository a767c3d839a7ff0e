#define NAME "Bad Name"
#include "base.h"
PLUGIN()
