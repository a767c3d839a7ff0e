#include "runtime/gate.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include "runtime/fault.hpp"
#include "runtime/loop_group.hpp"

namespace streamhost::runtime {

CountedGate::~CountedGate() {
    if (inside() != 0) fault("CountedGate", "destroyed with holders inside");
}

bool CountedGate::enter() noexcept {
    std::size_t state = state_.load(std::memory_order_relaxed);
    while ((state & kClosed) == 0) {
        if (state_.compare_exchange_weak(state, state + kOne, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void CountedGate::leave() noexcept {
    std::size_t state = state_.load(std::memory_order_relaxed);
    while ((state & kClosed) == 0) {
        if (state_.compare_exchange_weak(state, state - kOne, std::memory_order_release,
                                         std::memory_order_relaxed)) {
            return;
        }
    }
    // Closed: leave under the lock, so that a waiter can not see zero, return and destroy the gate while the
    // last holder is still about to notify.
    const std::lock_guard lock(mutex_);
    if (state_.fetch_sub(kOne, std::memory_order_acq_rel) / kOne == 1) empty_.notify_all();
}

void CountedGate::close() noexcept { state_.fetch_or(kClosed, std::memory_order_acq_rel); }

bool CountedGate::wait_empty(std::uint64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return inside() == 0; });
}

std::vector<std::string> CountedGate::holders() const {
#ifndef NDEBUG
    const std::lock_guard lock(mutex_);
    return {names_.begin(), names_.end()};
#else
    const std::size_t count = inside();
    return count == 0 ? std::vector<std::string>{}
                      : std::vector<std::string>{std::to_string(count) + " calls"};
#endif
}

GatePass::GatePass(CountedGate& gate, [[maybe_unused]] std::string_view name)
    : gate_(gate.enter() ? &gate : nullptr) {
#ifndef NDEBUG
    if (gate_ == nullptr) return;
    const std::lock_guard lock(gate.mutex_);
    name_ = gate.names_.insert(gate.names_.end(), name);
#endif
}

GatePass::~GatePass() {
    if (gate_ == nullptr) return;
#ifndef NDEBUG
    {
        const std::lock_guard lock(gate_->mutex_);
        gate_->names_.erase(name_);
    }
#endif
    gate_->leave();
}

namespace {

/// What the loops of one quiescence have in common. The last Mark that dies calls `done`.
class Quiescence {
public:
    Quiescence(const LoopGroup& group, Task done) : done_(std::move(done)), missing_(group.all_size()) {
        for (std::size_t i = 0; i < missing_.size(); ++i)
            missing_[i] = group.any_loop(i).options().name;
        left_ = missing_.size();
    }

    void passed(std::size_t index) {
        Task done;
        {
            const std::lock_guard lock(mutex_);
            missing_[index].clear();
            if (--left_ > 0) return;
            done = std::move(done_);
            quiet_.notify_all();
        }
        if (done) done();
    }

    std::vector<std::string> wait(std::uint64_t timeout_ms) {
        std::unique_lock lock(mutex_);
        quiet_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return left_ == 0; });
        std::vector<std::string> names;
        for (const std::string& name : missing_) {
            if (!name.empty()) names.push_back(name);
        }
        return names;
    }

private:
    std::mutex mutex_;
    std::condition_variable quiet_;
    Task done_;
    std::vector<std::string> missing_;  // by index of the loop; empty once it has passed
    std::size_t left_ = 0;
};

/// Marks one loop as passed when it is destroyed: after it ran, and just as well when its loop dropped or
/// refused the task that holds it, because a loop that has ended is quiet.
class Mark {
public:
    Mark(std::shared_ptr<Quiescence> all, std::size_t index) : all_(std::move(all)), index_(index) {}
    Mark(Mark&&) noexcept = default;
    Mark& operator=(Mark&&) = delete;
    ~Mark() {
        if (all_) all_->passed(index_);
    }

private:
    std::shared_ptr<Quiescence> all_;
    std::size_t index_;
};

void start_quiescence(LoopGroup& group, const std::shared_ptr<Quiescence>& all) {
    for (std::size_t i = 0; i < group.all_size(); ++i) {
        Loop& loop = group.any_loop(i);
        Task task = [&loop, mark = Mark(all, i)]() mutable {
            // Not here: hooks of this round may still act on what its handlers saw.
            loop.after_round([mark = std::move(mark)] {});
        };
        static_cast<void>(loop.post(std::move(task)));
    }
}

}  // namespace

void quiesce(LoopGroup& group, Task done) {
    start_quiescence(group, std::make_shared<Quiescence>(group, std::move(done)));
}

std::vector<std::string> wait_quiet(LoopGroup& group, std::uint64_t timeout_ms) {
    const auto all = std::make_shared<Quiescence>(group, Task());
    if (Loop::current() != nullptr) {
        fault("wait_quiet", "called on a loop, which can not wait for itself");
        return all->wait(0);
    }
    start_quiescence(group, all);
    return all->wait(timeout_ms);
}

}  // namespace streamhost::runtime
