// One schedule: two runs, two workers, three nodes, three servers, ten readers, and faults, all made of one
// number.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "sim/server.hpp"

namespace streamhost::sim {

struct Outcome {
    std::string failure;  // empty: everything that must be true was
    std::uint64_t events = 0;
    std::uint32_t faults = 0;
    bool is_double = false;
};

[[nodiscard]] Outcome run_schedule(std::uint64_t seed, Mutation mutation = Mutation::kNone,
                                   std::ostream* trace = nullptr);

}  // namespace streamhost::sim
