#define PLUGIN_NAME "two_exports"
#include "base.h"
extern SH_EXPORT const int helper_of_mine;
const int helper_of_mine = 1;
PLUGIN()
