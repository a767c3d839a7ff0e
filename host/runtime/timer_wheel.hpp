#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace streamhost::runtime {

namespace detail {
struct TimerLink {
    TimerLink* next = nullptr;
    TimerLink* prev = nullptr;
};
}  // namespace detail

/// One deadline, kept inside the object that it belongs to: arming allocates nothing, destruction cancels.
/// Derive from TimerFor (below) or give a function. Neither copied nor moved: a wheel holds its address.
class Timer : private detail::TimerLink {
public:
    using Fire = void (*)(Timer&);

    explicit Timer(Fire fire) noexcept : fire_(fire) {}
    ~Timer() { cancel(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void cancel() noexcept;
    [[nodiscard]] bool armed() const noexcept { return next != nullptr; }
    [[nodiscard]] std::uint64_t deadline_ms() const noexcept { return deadline_ms_; }

private:
    friend class TimerWheel;
    Fire fire_;
    std::uint64_t deadline_ms_ = 0;
};
static_assert(sizeof(Timer) <= 32, "a connection carries several of them");

/// A timer that calls Owner::on_timer(Tag). Owner derives from one TimerFor per tag:
///     struct Idle {};
///     class Connection : TimerFor<Connection, Idle> { friend TimerFor; void on_timer(Idle); };
template <class Owner, class Tag>
class TimerFor : public Timer {
public:
    TimerFor() noexcept
        : Timer([](Timer& timer) { static_cast<Owner&>(static_cast<TimerFor&>(timer)).on_timer(Tag{}); }) {}
};

/// The problem: tens of thousands of deadlines, nearly all of which are moved or cancelled before they are
/// due.
///
/// A hierarchical timing wheel (Varghese and Lauck, SOSP 1987, scheme 7): 7 levels of 64 slots, 1 ms per slot
/// at the lowest. Arming and cancelling are O(1); a timer moves down at most once per level. Putting a
/// deadline off only writes the new one: the node stays where it is filed and is filed anew when that slot
/// comes up. No clock inside: the caller passes the time in milliseconds of any monotonic source, up to 2^42.
/// One thread. Timers fire never early and, with advance() called in time, never late. The handler of a timer
/// may arm, cancel or destroy any timer, its own included.
class TimerWheel {
public:
    explicit TimerWheel(std::uint64_t now_ms) noexcept;
    ~TimerWheel();  ///< cancels what is armed
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Sets or moves the deadline. One that has passed fires at the next advance() to a later millisecond.
    void arm_at(Timer& timer, std::uint64_t deadline_ms) noexcept;

    /// Fires what is due at now_ms. Looks at no more than max_nodes; true when due ones may be left.
    bool advance(std::uint64_t now_ms, std::size_t max_nodes);

    /// No timer is due before this time; it may come earlier than the first deadline. Nothing: none is armed.
    [[nodiscard]] std::optional<std::uint64_t> next_due_ms() const noexcept;

    [[nodiscard]] std::uint64_t fired() const noexcept { return fired_; }

private:
    static constexpr unsigned kLevels = 7;
    static constexpr unsigned kSlotBits = 6;
    static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
    static constexpr std::uint64_t kLastMs = (std::uint64_t{1} << (kLevels * kSlotBits)) - 1;

    struct Slot {
        unsigned level;
        std::size_t index;
        std::uint64_t starts_ms;
    };
    [[nodiscard]] std::optional<Slot> first_slot() const noexcept;
    void file(Timer& timer) noexcept;
    void take(const Slot& slot) noexcept;
    bool drain_due(std::size_t& budget);

    std::uint64_t now_ms_;
    std::uint64_t fired_ = 0;
    detail::TimerLink due_;                          ///< taken out of a slot, not yet looked at
    std::array<std::uint64_t, kLevels> occupied_{};  ///< a bit may outlive its last timer
    std::array<std::array<detail::TimerLink, kSlots>, kLevels> slots_;
};

}  // namespace streamhost::runtime
