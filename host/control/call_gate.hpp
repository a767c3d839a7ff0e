#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/role.hpp"

namespace streamhost::control {

/// [any] True on threads whose calls end with the round: see Quiescence. Elsewhere calls are counted.
[[nodiscard]] inline bool in_round() noexcept {
    return runtime::thread_role().roles.intersects(runtime::Roles(runtime::Role::loop) |
                                                   runtime::Role::store);
}

/// The problem: a posted task, a due timer or a request may reach an instance that is being stopped.
///
/// Every callback into an instance goes through its gate. Once closed it lets nobody in; it is quiet when the
/// loops have passed a round and no counted call (workers, control) is inside.
class CallGate {
public:
    /// [any] One call; false inside means: the instance is gone, do nothing.
    class Scope {
    public:
        explicit Scope(CallGate& gate) noexcept
            : gate_(gate), counted_(!in_round()), inside_(gate.enter(counted_)) {}
        ~Scope() {
            if (inside_ && counted_) gate_.leave();
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        [[nodiscard]] explicit operator bool() const noexcept { return inside_; }

    private:
        CallGate& gate_;
        const bool counted_;
        const bool inside_;
    };

    void close() noexcept { closed_.store(true); }                                   ///< [control]
    [[nodiscard]] std::uint32_t counted() const noexcept { return inside_.load(); }  ///< [any]

private:
    // Count first, look second, against close() then counted(): one of the two sees the other (all seq_cst).
    bool enter(bool counted) noexcept {
        if (!counted) return !closed_.load();
        inside_.fetch_add(1);
        if (!closed_.load()) return true;
        leave();
        return false;
    }
    void leave() noexcept { inside_.fetch_sub(1); }

    std::atomic<bool> closed_{false};
    std::atomic<std::uint32_t> inside_{0};
};

}  // namespace streamhost::control
