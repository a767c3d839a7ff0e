#include <memory>

#include "bridge/extensions.hpp"
#include "bridge/house.hpp"
#include "bridge/owed_answer.hpp"
#include "runtime/timer_wheel.hpp"

namespace streamhost::bridge {

namespace {

using InstancePtr = std::shared_ptr<control::Instance>;

std::uint32_t loop_count = 0;

runtime::Loop* loop_of(House& house, sh_target target) {
    if (target == SH_ON_CONTROL) return &house.control_loop;
    if (target == SH_ON_STORE) return &house.loops.store_loop();
    if (target >= SH_ON_LOOP_0 && target - SH_ON_LOOP_0 < house.loops.size())
        return &house.loops.loop(target - SH_ON_LOOP_0);
    return nullptr;
}

runtime::WorkerPool* pool_of(House& house, sh_target target) {
    if (target == SH_ON_SHORT) return &house.short_pool;
    if (target == SH_ON_LONG) return &house.long_pool;
    return nullptr;
}

sh_status status_of_submit(runtime::SubmitStatus status) {
    switch (status) {
    case runtime::SubmitStatus::accepted: return SH_OK;
    case runtime::SubmitStatus::busy: return SH_BUSY;
    case runtime::SubmitStatus::stopping: return SH_GONE;
    }
    return SH_INTERNAL;
}

runtime::Job job_of(const InstancePtr& instance, std::uint64_t task) {
    return {"plugin." + instance->name(), [instance, task] { instance->run_task(task); }, {}};
}

runtime::Task task_of(const InstancePtr& instance, sh_target target, std::uint64_t task) {
    return [instance, task, target] {
        const runtime::RoleScope role = role_of(target);
        instance->run_task(task);
    };
}

sh_status run_on(House& house, sh_target target, const InstancePtr& instance, std::uint64_t task) {
    if (runtime::WorkerPool* pool = pool_of(house, target))
        return status_of_submit(pool->submit(job_of(instance, task)));
    runtime::Loop* loop = loop_of(house, target);
    if (loop == nullptr) return SH_INVALID;
    switch (loop->try_post(task_of(instance, target, task))) {
    case runtime::PostStatus::accepted: return SH_OK;
    case runtime::PostStatus::full: return SH_BUSY;
    case runtime::PostStatus::closed: return SH_GONE;
    }
    return SH_INTERNAL;
}

// What was promised already cannot be refused any more; that there is such a target was checked then. False:
// it has ended.
bool run_promised(House& house, sh_target target, const InstancePtr& instance, std::uint64_t task) {
    if (runtime::WorkerPool* pool = pool_of(house, target)) return pool->submit_owed(job_of(instance, task));
    return loop_of(house, target)->post(task_of(instance, target, task)) == runtime::PostStatus::accepted;
}

bool exists(House& house, sh_target target) {
    return pool_of(house, target) != nullptr || loop_of(house, target) != nullptr;
}

sh_status post(const sh_host* host, sh_target target, std::uint64_t task) {
    House& house = house_of(host);
    const InstancePtr instance = control::Instance::of(host).shared_from_this();
    if (!exists(house, target)) return SH_INVALID;
    // Nothing holds it back before the start is over: nor does anything hold the answer that a ticket brings.
    if (OwedAnswer::take(*instance)) return run_promised(house, target, instance, task) ? SH_OK : SH_GONE;
    control::StartHold& hold = instance->start_hold();
    if (hold.is_open()) return run_on(house, target, instance, task);
    switch (
        hold.keep([&house, target, instance, task] { (void)run_promised(house, target, instance, task); })) {
    case control::StartHold::Kept::kept: return SH_OK;
    case control::StartHold::Kept::full: return SH_BUSY;
    case control::StartHold::Kept::open: return run_on(house, target, instance, task);
    }
    return SH_INTERNAL;
}

struct Due {};

/// A plugin's timer. Lives on one loop: of its target, or on the store loop when the target is a pool.
class HostTimer final : private runtime::TimerFor<HostTimer, Due>,
                        public std::enable_shared_from_this<HostTimer> {
public:
    HostTimer(House& house, InstancePtr instance, sh_target target, std::uint64_t period_ms,
              std::uint64_t task)
        : house_(house), instance_(std::move(instance)), target_(target), period_ms_(period_ms), task_(task) {
        runtime::Loop* own = bridge::loop_of(house_, target_);
        loop_ = own != nullptr ? own : &house_.loops.store_loop();
    }
    [[nodiscard]] runtime::Loop& loop() const { return *loop_; }
    void set_handle(sh_handle handle) { handle_ = handle; }

    // Both on loop(). Armed, it keeps itself alive.
    void start(std::uint64_t delay_ms) {
        if (is_cancelled_) return;
        self_ = shared_from_this();
        loop_->arm(*this, delay_ms);
    }
    void cancel() {
        is_cancelled_ = true;
        runtime::Timer::cancel();
        self_.reset();
    }

private:
    friend runtime::TimerFor<HostTimer, Due>;
    void on_timer(Due) {
        const std::shared_ptr<HostTimer> alive = period_ms_ > 0 ? self_ : std::move(self_);
        if (period_ms_ > 0) {
            loop_->arm(*this, period_ms_);
        } else {
            instance_->handles().forget(handle_);
        }
        if (bridge::loop_of(house_, target_) != nullptr) {
            const runtime::RoleScope role = role_of(target_);
            return instance_->run_task(task_);
        }
        // A periodic timer skips its turn when the pool is full; a single one has no other.
        if (period_ms_ > 0) {
            (void)run_on(house_, target_, instance_, task_);
        } else {
            (void)run_promised(house_, target_, instance_, task_);
        }
    }

    House& house_;
    const InstancePtr instance_;
    const sh_target target_;
    const std::uint64_t period_ms_;
    const std::uint64_t task_;
    runtime::Loop* loop_;
    sh_handle handle_ = 0;
    bool is_cancelled_ = false;
    std::shared_ptr<HostTimer> self_;
};

// On the timer's loop at once when the caller is there, else posted; false when that loop has ended.
template <typename Body>
bool on_loop(runtime::Loop& loop, Body body) {
    if (loop.in_loop()) {
        body();
        return true;
    }
    return loop.post(std::move(body)) == runtime::PostStatus::accepted;
}

sh_status start_timer(const sh_host* host, sh_target target, std::uint64_t delay_ms, std::uint64_t period_ms,
                      std::uint64_t task, sh_handle* out) {
    constexpr std::uint64_t kMaxMs = 24ULL * 24 * 3600 * 1000;
    House& house = house_of(host);
    const bool exists = loop_of(house, target) != nullptr || target == SH_ON_SHORT;
    if (!exists || delay_ms > kMaxMs || period_ms > kMaxMs) return SH_INVALID;
    control::Instance& instance = control::Instance::of(host);
    auto timer = std::make_shared<HostTimer>(house, instance.shared_from_this(), target, period_ms, task);
    const auto added = instance.handles().add({"timer", {}, [timer] {
                                                   // A loop that has ended fires no timers.
                                                   (void)on_loop(timer->loop(), [timer] { timer->cancel(); });
                                               }});
    if (added.handle == 0) return status_of(added.refusal);
    timer->set_handle(added.handle);
    if (out != nullptr) *out = added.handle;
    const auto arm = [timer, delay_ms] {
        return on_loop(timer->loop(), [timer, delay_ms] { timer->start(delay_ms); });
    };
    if (instance.start_hold().keep([arm] { (void)arm(); }) == control::StartHold::Kept::kept || arm())
        return SH_OK;
    instance.handles().forget(added.handle);
    return SH_GONE;
}

void cancel_timer(const sh_host* host, sh_handle timer) {
    control::Instance::of(host).handles().revoke(timer);
}

sh_target current(const sh_host* /*host*/) {
    const runtime::ThreadRole& role = runtime::thread_role();
    using runtime::Role;
    if (role.roles.intersects(Role::store)) return SH_ON_STORE;
    if (role.roles.intersects(Role::loop)) return SH_ON_LOOP(role.loop_index);
    if (role.roles.intersects(Role::control)) return SH_ON_CONTROL;
    if (role.roles.intersects(Role::worker_short)) return SH_ON_SHORT;
    if (role.roles.intersects(Role::worker_long)) return SH_ON_LONG;
    return 0;
}

std::int64_t monotonic_ms(const sh_host* host) {
    return static_cast<std::int64_t>(house_of(host).clock.monotonic_ms());
}
std::int64_t wall_ms(const sh_host* host) { return house_of(host).clock.wall_ms(); }

}  // namespace

void set_loop_count(std::uint32_t count) { loop_count = count; }

const sh_task_ext& task_table() {
    static const sh_task_ext kTable = {sizeof(sh_task_ext), loop_count, &post,         &start_timer,
                                       &cancel_timer,       &current,   &monotonic_ms, &wall_ms};
    return kTable;
}

}  // namespace streamhost::bridge
