#pragma once

#include <stdexcept>

namespace streamhost::load {

// A run that is not what it says is no measurement: whatever was lost, late or different ends it with this.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace streamhost::load
