#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/instance.hpp"
#include "control/quiescence.hpp"
#include "control/service_registry.hpp"
#include "control/state.hpp"
#include "control/tickets.hpp"
#include "runtime/clock.hpp"

namespace streamhost::control {

/// One step of a life cycle: one log line, one metric.
struct StepRecord {
    std::string plugin;
    std::uint64_t generation = 0;
    State from = State::discovered;
    State to = State::discovered;
    std::string reason;  ///< what led to it, or what went wrong
    std::uint64_t duration_us = 0;
};

/// What a walk needs of the house. All of it outlives the walks.
struct LifecyclePorts {
    ServiceRegistry& services;
    Tickets& tickets;
    Quiescence& quiescence;
    const runtime::Clock& clock;
    Post post;
    std::function<void()> wake;  ///< [any] have advance() called soon, on [control]
    std::function<void(const StepRecord&)> on_step;
    /// [control] Calls `use` with the plugin's validated section; or answers why there is none.
    std::function<std::string(const PluginDescriptor&, const std::function<void(const sh_config&)>& use)>
        with_config;
    std::uint32_t loop_count = 0;
};

struct LifecycleLimits {
    std::uint32_t drain_ms = 30'000;
    std::uint32_t drain_poll_ms = 20;
    std::uint32_t settle_ms = 10'000;  ///< for each wait on loops, running calls and answers
};

/// The problem: between "start" and "gone" lie ten steps, some of them on other threads, each of which may
/// fail, throw or never come back, and whatever happens nothing of the instance may be left behind or be
/// called again.
///
/// Walks one instance: create, configure, start, loop_start on each loop, then what start() posted begins and
/// everything becomes visible at once. The way back: services close, drain until nothing is left or the
/// deadline passed, running calls leave, tickets are answered, handles are revoked, then a last round of the
/// loops, in which connections say good-bye to their handlers; the gate closes; loop_stop on each loop, stop,
/// destroy. A start that failed takes the same way back without drain and stop(). Nothing here waits:
/// advance() goes as far as it can and says when to come again.
///
/// If a call never leaves or a loop never answers, the instance is left in place: failed, not destroyed,
/// nobody gets in. Destroying it under a running call would be worse. [control] throughout.
class Lifecycle {
public:
    Lifecycle(LifecyclePorts& ports, LifecycleLimits limits, std::shared_ptr<Instance> instance);
    Lifecycle(const Lifecycle&) = delete;
    Lifecycle& operator=(const Lifecycle&) = delete;

    void start();
    /// When started: drains for at most drain_ms, then ends. While starting: undoes. Otherwise nothing.
    void stop(std::string reason, std::uint32_t drain_ms);
    /// The next time in ms of Clock::monotonic_ms() at which to call it again without wake(); none: wake()
    /// will.
    std::optional<std::uint64_t> advance();

    /// A running instance gets another section: SH_OK applied, SH_NEEDS_RESTART or SH_REJECTED: it stays as
    /// it was.
    [[nodiscard]] HookAnswer reconfigure();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool started() const { return state_ == State::started; }
    [[nodiscard]] bool ended() const { return state_ == State::retired || state_ == State::failed; }
    [[nodiscard]] bool left_in_place() const { return left_in_place_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }  ///< of the last step
    [[nodiscard]] Instance& instance() const { return *instance_; }

private:
    enum class Phase : std::uint8_t;
    struct Flag;      // set by another thread
    struct LoopWork;  // one function on every loop

    void enter(Phase phase);
    [[nodiscard]] bool step();  // true: go on at once
    [[nodiscard]] bool finish_start();
    void go_to(State to, std::string reason);
    void undo(std::string reason);
    void leave_in_place(const std::string& what);
    [[nodiscard]] bool wait_for(bool done, const char* what, Phase next);
    [[nodiscard]] bool call_hooks();
    [[nodiscard]] HookAnswer configure();
    void on_each_loop(bool starting);
    void ask_quiet();
    [[nodiscard]] bool is_quiet() const;
    [[nodiscard]] bool drain();
    [[nodiscard]] std::string end_reason() const;
    void end();

    LifecyclePorts& ports_;
    const LifecycleLimits limits_;
    const std::shared_ptr<Instance> instance_;
    State state_ = State::loaded;
    Phase phase_;
    std::string reason_;
    std::string failure_;  // why it is being undone; empty: an ordered stop
    std::string drained_;  // how the drain ended
    std::string revoked_;  // what it had left
    std::uint64_t state_since_ns_;
    std::uint64_t phase_since_ms_ = 0;
    std::uint64_t drain_until_ms_ = 0;
    std::uint64_t drain_again_ms_ = 0;
    bool left_in_place_ = false;
    std::shared_ptr<Flag> quiet_;
    std::shared_ptr<LoopWork> loop_work_;
};

}  // namespace streamhost::control
