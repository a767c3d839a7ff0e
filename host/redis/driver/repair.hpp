#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/driver/context.hpp"
#include "redis/driver/keeper.hpp"

namespace streamhost::redis {

// Sends again what the keeper holds: of one home, when an answer shows that the master lacks what was
// acknowledged; of all homes, when the link came up anew, a few homes at a time. [store]
class Repair {
public:
    Repair(Context& context, Keeper& keeper) : context_(context), keeper_(keeper) {}

    // `done` runs when each of the home's writes was answered, whatever the answers were.
    void home(const std::string& name, UniqueFunction<void()> done);
    void all();
    // Writes that a master had acknowledged and another one did not have.
    [[nodiscard]] std::uint64_t reapplied() const noexcept { return reapplied_; }

private:
    struct Work {
        std::size_t left = 0;
        std::vector<UniqueFunction<void()>> done;
    };
    void count(const Call& call, const Reply& reply);
    void answered(const std::string& name);
    void next_homes();

    static constexpr std::size_t kHomesAtOnce = 32;
    static constexpr std::uint32_t kTimeoutMs = 5'000;

    Context& context_;
    Keeper& keeper_;
    std::map<std::string, Work> work_;
    std::deque<std::string> waiting_;
    std::size_t at_once_ = 0;
    std::uint64_t reapplied_ = 0;
};

}  // namespace streamhost::redis
