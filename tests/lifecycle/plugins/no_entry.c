#include "streamhost/abi/version.h"
extern SH_EXPORT const int some_other_symbol;
const int some_other_symbol = 1;
