#pragma once

#include <cstdint>
#include <utility>

#include "control/instance.hpp"

namespace streamhost::bridge {

/// The problem: whoever asks another plugin is promised an answer, and never inside the call that asks. A
/// ticket carries it without fail. Where there is none, because open() was refused or the ticket withdrawn,
/// the asker carries the bad news itself, in a task that it posts next; refused for lack of room, that one
/// would leave somebody waiting for good.
///
/// Which instance owes such an answer on this thread. Its next post there has room whatever the limit says,
/// so queues grow beyond their limits by the failed calls alone. [any]
class OwedAnswer {
public:
    static void note(const control::Instance& instance) noexcept { debtor_ = instance.id(); }
    [[nodiscard]] static bool take(const control::Instance& instance) noexcept {
        if (debtor_ != instance.id()) return false;
        debtor_ = 0;
        return true;
    }

private:
    static inline thread_local std::uint64_t debtor_ = 0;  // instances count from 1
};

}  // namespace streamhost::bridge
