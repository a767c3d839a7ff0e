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

    enum class Outcome : std::uint8_t { kWhole = 1, kPartial };
    using Done = UniqueFunction<void(Outcome)>;

    // `done` runs when each of the home's writes has ended; kPartial: the server did not answer all of them.
    void home(const std::string& name, Done done);
    void all();
    // Writes that a master had acknowledged and another one did not have.
    [[nodiscard]] std::uint64_t reapplied() const noexcept { return reapplied_; }

private:
    struct Work {
        std::size_t left = 0;
        Outcome outcome = Outcome::kWhole;
        std::vector<Done> done;
    };
    void count(const Call& call, const Reply& reply);
    void answered(const std::string& name, store::Status status);
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
