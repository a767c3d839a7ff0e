#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace streamhost::redis {

// Names for commands, so that the server knows one that was sent again after a lost answer. Unique over all
// nodes and over restarts, and no secret.
class Nonces {
public:
    Nonces() {
        std::random_device seed;
        name_ = std::to_string(seed()) + '-' + std::to_string(seed()) + '-';
    }

    [[nodiscard]] std::string next() { return name_ + std::to_string(++last_); }

private:
    std::string name_;
    std::uint64_t last_ = 0;
};

}  // namespace streamhost::redis
