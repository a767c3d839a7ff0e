#pragma once

#include <cstdint>

namespace streamhost::app {

struct DrainLimits {
    std::uint32_t balancer_wait_ms = 0;
    std::uint32_t window_ms = 5'000;
    std::uint32_t plugin_ms = 5'000;
    std::uint32_t exit_within_ms = 10'000;
};

/// The problem: a node that stops owes something to its clients, its plugins and its operator, and their
/// times do not add up to the one that the operator gave.
///
/// When each step of a drain is due. One that was ordered for the process' end has a fixed end: a quarter of
/// the whole, and up to three seconds, are kept for threads to end, as much for plugins, and clients get what
/// is left. One that was ordered without it stays when the clients are gone, until end() comes; what they had
/// of their time by then is not given a second time. Time is passed in.
class Drain {
public:
    enum class Step : std::uint8_t {
        none = 1,
        send_away,     ///< ask the clients to leave
        stop_plugins,  ///< they have left, or their time is over
        give_up,       ///< plugins have not ended in time
    };
    enum class State : std::uint8_t {
        waiting = 1,   ///< for balancers to look elsewhere
        sending_away,  ///< clients are being asked to leave
        drained,       ///< they have left; the process stays
        ending,
    };

    explicit Drain(const DrainLimits& limits) : limits_(limits) {}

    void begin(std::uint64_t now_ms);  ///< the clients are to go
    void end(std::uint64_t now_ms);    ///< so is the process, within its time from the first call on
    [[nodiscard]] bool has_begun() const noexcept { return begun_ms_ != 0; }
    [[nodiscard]] bool is_ending() const noexcept { return ended_ms_ != 0; }
    /// The step to take now; each comes once, in this order. To be asked every few milliseconds.
    [[nodiscard]] Step next(std::uint64_t now_ms, std::uint64_t clients_left);
    [[nodiscard]] State state(std::uint64_t clients_left) const noexcept;
    [[nodiscard]] std::uint64_t elapsed_ms(std::uint64_t now_ms) const noexcept;
    /// Until the last client is asked to leave, as far as is known now.
    [[nodiscard]] std::uint64_t clients_ms(std::uint64_t now_ms) const noexcept;
    /// For the plugins to drain, from stop_plugins on.
    [[nodiscard]] std::uint32_t plugin_ms(std::uint64_t now_ms) const;
    /// Until the process has to be gone.
    [[nodiscard]] std::uint64_t left_ms(std::uint64_t now_ms) const;

private:
    [[nodiscard]] std::uint64_t reserve_ms() const;
    [[nodiscard]] std::uint64_t clients_end_ms() const;

    const DrainLimits limits_;
    std::uint64_t begun_ms_ = 0;  // 0: not yet; as the following
    std::uint64_t ended_ms_ = 0;
    std::uint64_t sent_away_ms_ = 0;
    Step last_ = Step::none;
};

}  // namespace streamhost::app
