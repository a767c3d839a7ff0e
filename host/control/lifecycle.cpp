#include "control/lifecycle.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "runtime/fault.hpp"
#include "runtime/role.hpp"

namespace streamhost::control {

enum class Lifecycle::Phase : std::uint8_t {
    idle = 1,
    starting_loops,
    running,
    draining,
    leaving_services,  // counted calls and the present round of each loop
    answering,         // tickets
    revoking,          // the loops hear what was taken back, and may call the instance about it
    leaving_calls,     // tasks, timers, handlers
    stopping_loops,
    ended,
};

struct Lifecycle::Flag {
    std::atomic<bool> set{false};
};

struct Lifecycle::LoopWork {
    explicit LoopWork(std::uint32_t loops) : left(loops) {}
    std::atomic<std::uint32_t> left;
    std::mutex mutex;
    std::string failure;  // guarded by mutex; the first one

    void done(std::string why) {
        if (!why.empty()) {
            const std::lock_guard lock(mutex);
            if (failure.empty()) failure = std::move(why);
        }
        left.fetch_sub(1);
    }
};

Lifecycle::Lifecycle(LifecyclePorts& ports, LifecycleLimits limits, std::shared_ptr<Instance> instance)
    : ports_(ports),
      limits_(limits),
      instance_(std::move(instance)),
      phase_(Phase::idle),
      state_since_ns_(ports.clock.monotonic_ns()) {}

void Lifecycle::enter(Phase phase) {
    phase_ = phase;
    phase_since_ms_ = ports_.clock.monotonic_ms();
}

void Lifecycle::go_to(State to, std::string reason) {
    if (!may_follow(state_, to)) runtime::fault("lifecycle", "a step that the table of states does not know");
    const std::uint64_t now_ns = ports_.clock.monotonic_ns();
    reason_ = std::move(reason);
    const StepRecord record{instance_->name(), instance_->generation(),           state_, to,
                            reason_,           (now_ns - state_since_ns_) / 1'000};
    state_ = to;
    state_since_ns_ = now_ns;
    if (ports_.on_step) ports_.on_step(record);
}

void Lifecycle::start() {
    const runtime::RoleScope role(runtime::Role::control);
    if (phase_ != Phase::idle || state_ != State::loaded) return;
    if (!call_hooks()) return;
    on_each_loop(true);
    enter(Phase::starting_loops);
}

HookAnswer Lifecycle::configure() {
    HookAnswer answer{SH_INTERNAL, "no section was offered"};
    const std::string refused = ports_.with_config(
        instance_->descriptor(), [&](const sh_config& config) { answer = instance_->configure(config); });
    return refused.empty() ? answer : HookAnswer{SH_REJECTED, refused};
}

HookAnswer Lifecycle::reconfigure() {
    const runtime::RoleScope role(runtime::Role::control);
    if (!started()) return {SH_NEEDS_RESTART, "it is not running: the section is read when it starts"};
    return configure();
}

bool Lifecycle::call_hooks() {
    if (const HookAnswer created = instance_->create(); !created.ok()) {
        // There is no instance: nothing to destroy, but it may have used the host already.
        ports_.services.forget(*instance_);
        instance_->start_hold().drop();
        static_cast<void>(instance_->handles().close());
        instance_->gate().close();
        go_to(State::failed, created.text);
        enter(Phase::ended);
        return false;
    }
    go_to(State::created, {});
    if (const HookAnswer configured = configure(); !configured.ok()) {
        undo(configured.text);
        return false;
    }
    go_to(State::configured, {});
    ports_.services.admit(*instance_);
    if (const HookAnswer started = instance_->start(); !started.ok()) {
        undo(started.text);
        return false;
    }
    return true;
}

void Lifecycle::on_each_loop(bool starting) {
    const bool needed = instance_->has_loop_hooks();
    loop_work_ = std::make_shared<LoopWork>(needed ? ports_.loop_count : 0);
    for (std::uint32_t loop = 0; needed && loop < ports_.loop_count; ++loop) {
        auto task = [instance = instance_, work = loop_work_, wake = &ports_.wake, loop, starting] {
            HookAnswer answer;
            if (starting) {
                answer = instance->loop_start(loop);
            } else {
                instance->loop_stop(loop);
            }
            work->done(std::move(answer.text));
            if (*wake) (*wake)();
        };
        if (!ports_.post(SH_ON_LOOP(loop), std::move(task))) {
            loop_work_->done("loop " + std::to_string(loop) + " has ended");
        }
    }
}

void Lifecycle::stop(std::string reason, std::uint32_t drain_ms) {
    if (phase_ == Phase::starting_loops) return undo(std::move(reason));
    if (phase_ != Phase::running) return;
    const std::uint64_t now_ms = ports_.clock.monotonic_ms();
    ports_.services.close(*instance_);
    ask_quiet();
    drain_until_ms_ = now_ms + drain_ms;
    drain_again_ms_ = now_ms;
    go_to(State::draining, std::move(reason));
    enter(Phase::draining);
}

void Lifecycle::undo(std::string reason) {
    failure_ = std::move(reason);
    ports_.services.close(*instance_);
    if (phase_ == Phase::starting_loops)
        return;  // loop_start() calls are under way: the way back begins after them
    ask_quiet();
    enter(Phase::leaving_services);
}

void Lifecycle::ask_quiet() {
    quiet_ = std::make_shared<Flag>();
    ports_.quiescence.when_quiet([flag = quiet_, wake = &ports_.wake] {
        flag->set.store(true);
        if (*wake) (*wake)();
    });
}

bool Lifecycle::is_quiet() const { return quiet_->set.load(); }

std::optional<std::uint64_t> Lifecycle::advance() {
    const runtime::RoleScope role(runtime::Role::control);
    while (step()) {
    }
    switch (phase_) {
    case Phase::idle:
    case Phase::running:
    case Phase::ended: return std::nullopt;
    case Phase::draining: return drain_again_ms_;
    default: return ports_.clock.monotonic_ms() + limits_.drain_poll_ms;
    }
}

bool Lifecycle::wait_for(bool done, const char* what, Phase next) {
    if (done) {
        enter(next);
        return true;
    }
    if (ports_.clock.monotonic_ms() - phase_since_ms_ >= limits_.settle_ms) leave_in_place(what);
    return false;
}

/// All loops have answered: everything shows at once, or nothing does.
bool Lifecycle::finish_start() {
    if (failure_.empty()) failure_ = std::exchange(loop_work_->failure, {});
    if (!failure_.empty()) {
        phase_ = Phase::idle;
        undo(std::exchange(failure_, {}));
        return true;
    }
    instance_->start_hold()
        .release();  // first: what start() prepares is in line before anybody can ask for it
    ports_.services.publish(*instance_);
    instance_->handles().open();
    go_to(State::started, {});
    enter(Phase::running);
    return false;
}

bool Lifecycle::step() {
    Instance& instance = *instance_;
    switch (phase_) {
    case Phase::starting_loops:
        if (loop_work_->left.load() != 0)
            return wait_for(false, "a loop did not run loop_start()", Phase::running);
        return finish_start();
    case Phase::draining:
        if (!drain()) return false;
        enter(Phase::leaving_services);
        return true;
    case Phase::leaving_services:
        if (!wait_for(is_quiet() && ports_.services.inside(instance) == 0,
                      "calls into its services never returned", Phase::answering)) {
            return false;
        }
        ports_.tickets.provider_gone(instance);
        return true;
    case Phase::answering:
        ports_.tickets.asker_gone(instance);
        if (!wait_for(instance.use().tickets.load() == 0, "answers to it could not be delivered",
                      Phase::revoking)) {
            return false;
        }
        instance.start_hold().drop();
        revoked_ = instance.handles().close();
        ask_quiet();
        return true;
    case Phase::revoking:
        if (!wait_for(is_quiet(), "a loop did not let go of it", Phase::leaving_calls)) return false;
        instance.gate().close();
        ask_quiet();
        return true;
    case Phase::leaving_calls:
        if (!wait_for(is_quiet() && instance.gate().counted() == 0, "a task or handler of it never returned",
                      Phase::stopping_loops)) {
            return false;
        }
        on_each_loop(false);
        return true;
    case Phase::stopping_loops:
        if (!wait_for(loop_work_->left.load() == 0, "a loop did not run loop_stop()", Phase::ended))
            return false;
        end();
        return false;
    case Phase::idle:
    case Phase::running:
    case Phase::ended: return false;
    }
    return false;
}

bool Lifecycle::drain() {
    const std::uint64_t now_ms = ports_.clock.monotonic_ms();
    if (now_ms < drain_again_ms_) return false;
    const std::uint64_t left_ms = drain_until_ms_ > now_ms ? drain_until_ms_ - now_ms : 0;
    const Instance::Left left = instance_->drain(static_cast<std::uint32_t>(left_ms));
    if (left.count == 0) {
        drained_ = left.why.empty() ? "drained" : left.why;
        return true;
    }
    if (left_ms == 0) {
        drained_ = "drain deadline passed, " + std::to_string(left.count) + " left" +
                   (left.why.empty() ? "" : ": " + left.why);
        return true;
    }
    drain_again_ms_ = now_ms + std::min<std::uint64_t>(limits_.drain_poll_ms, left_ms);
    return false;
}

std::string Lifecycle::end_reason() const {
    return revoked_.empty() ? drained_ : (drained_.empty() ? "" : drained_ + "; ") + "revoked " + revoked_;
}

void Lifecycle::end() {
    ports_.services.forget(*instance_);
    if (!failure_.empty()) {
        const HookAnswer destroyed = instance_->destroy();
        std::string reason = failure_ + (revoked_.empty() ? "" : "; revoked " + revoked_);
        if (!destroyed.ok()) reason += "; " + destroyed.text;
        go_to(State::failed, std::move(reason));
        return;
    }
    const HookAnswer stopped = instance_->stop();
    go_to(State::stopped, end_reason() + (stopped.ok() ? "" : "; " + stopped.text));
    if (const HookAnswer destroyed = instance_->destroy(); !destroyed.ok()) {
        go_to(State::failed, destroyed.text);
        return;
    }
    go_to(State::destroyed, {});
    go_to(State::retired, "its library stays mapped");
}

void Lifecycle::leave_in_place(const std::string& what) {
    left_in_place_ = true;
    instance_->gate().close();  // nothing gets in, nobody waits for it, nothing of it can be reached
    ports_.tickets.provider_gone(*instance_);
    ports_.tickets.asker_gone(*instance_);
    instance_->start_hold().drop();
    static_cast<void>(instance_->handles().close());
    std::string reason = (failure_.empty() ? "" : failure_ + "; ") + what + " within " +
                         std::to_string(limits_.settle_ms) + " ms";
    if (const std::string inside = ports_.services.inside_text(*instance_); !inside.empty()) {
        reason += " (" + inside + ")";
    }
    go_to(State::failed, reason + ": the instance is left in place; restart the host to be rid of it");
    enter(Phase::ended);
}

}  // namespace streamhost::control
