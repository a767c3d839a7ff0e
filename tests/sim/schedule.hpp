// One schedule: two runs, two workers, three nodes, three servers, ten readers, and faults, all made of one
// number.
#pragma once

#include <array>
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

// What many of them were.
struct Tally {
    std::uint64_t schedules = 0;
    std::uint64_t events = 0;
    std::uint64_t faults = 0;
    std::uint64_t single = 0;  // with the whole guarantee

    void add(const Outcome& outcome) noexcept;
    void add(const Tally& other) noexcept;
    // A simulator in which little happens, or in which everything is excused, proves nothing: why this one is
    // such a one, or empty.
    [[nodiscard]] std::string thin() const;
};

// Each mutation, and within how many schedules it has to be noticed: by one that fails with it, and holds
// with `beside` alone, for a mutation that breaks two things because one of them covers for the other.
struct Broken {
    const char* name;
    Mutation mutation;
    std::uint64_t within;
    Mutation beside = Mutation::kNone;
};
inline constexpr std::array kBroken{
    Broken{"NoCheck", Mutation::kNoCheck, 20'000},
    Broken{"NoFence", Mutation::kNoFence, 1'000},
    Broken{"NoPublishId", Mutation::kNoPubId, 100},
    Broken{"NoProducerId", Mutation::kNoProducerId, 100},
    Broken{"ForgetAtEnd", Mutation::kForgetAtEnd, 5'000},
    Broken{"NothingKept", Mutation::kForget, 300},
    Broken{"ReadBeforeSubscribe", Mutation::kReadBeforeSubscribe, 5'000},
    Broken{"OutageCounted", Mutation::kCountOutage, 5'000},
    Broken{"ClaimsAtOnce", Mutation::kNoSettling, 5'000},
    Broken{"SettledAtStart", Mutation::kSettledAtStart, 40'000},
    Broken{"HighestFence", Mutation::kHighestFence, 40'000, Mutation::kNoSettling},
    Broken{"EarlyEnds", Mutation::kEarlyEnds, 40'000}};

[[nodiscard]] Outcome run_schedule(std::uint64_t seed, Mutation mutation = Mutation::kNone,
                                   std::ostream* trace = nullptr);

}  // namespace streamhost::sim
