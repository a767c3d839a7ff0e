#pragma once

#include "streamhost/whole_number.hpp"

namespace streamhost::net {

// Rooms above ask for it here.
using streamhost::whole_number;

}  // namespace streamhost::net
