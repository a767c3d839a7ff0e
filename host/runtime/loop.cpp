#include "runtime/loop.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <exception>
#include <iterator>
#include <utility>

#include <unistd.h>

#include "runtime/fault.hpp"

namespace streamhost::runtime {
namespace {

constinit thread_local Loop* current_loop = nullptr;

constexpr std::uint64_t kBell = 0;  // packed token of the inbox; no watch has generation 0

// Rounds in a row that only carry on what the loop posted to itself: a message's way through the plugins is a
// few of them, and asking epoll costs as much as any step of it.
constexpr std::uint32_t kMostUnasked = 3;

int make_epoll_fd() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    return fd;
}

std::error_code last_error() { return {errno, std::system_category()}; }

/// Nothing that a handler throws may end the loop: the other connections have done nothing wrong.
template <class F>
void guarded(const std::string& loop, F&& call) noexcept {
    try {
        call();
    } catch (const std::exception& error) {
        fault(loop, error.what());
    } catch (...) {
        fault(loop, "unknown exception");
    }
}

}  // namespace

/// Binds loop and role to the thread while it is inside.
class Loop::Entered {
public:
    explicit Entered(Loop& loop) noexcept
        : loop_(loop),
          before_(std::exchange(current_loop, &loop)),
          role_(loop.options_.roles, loop.options_.index) {
        if (loop.entered_.exchange(true)) fault(loop.options_.name, "two threads run one loop");
    }
    ~Entered() {
        loop_.entered_.store(false);
        current_loop = before_;
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

private:
    Loop& loop_;
    Loop* before_;
    RoleScope role_;
};

Loop::Loop(const Clock& clock, LoopOptions options)
    : options_(std::move(options)),
      clock_(clock),
      epoll_fd_(make_epoll_fd()),
      inbox_(options_.inbox_limit),
      timers_(clock.monotonic_ms()),
      now_ns_(clock.monotonic_ns()),
      events_(std::max<std::size_t>(options_.max_events, 1)) {
    epoll_event bell{};
    bell.events = EPOLLIN;
    bell.data.u64 = kBell;
    if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, inbox_.event_fd(), &bell) != 0) {
        const auto error = last_error();
        ::close(epoll_fd_);
        throw std::system_error(error, "epoll_ctl");
    }
}

Loop::~Loop() { ::close(epoll_fd_); }

Loop* Loop::current() noexcept { return current_loop; }

void Loop::check_owner(const char* what) const noexcept {
    if (!in_loop() && entered_.load(std::memory_order_relaxed)) fault(what, "called outside of its loop");
}

std::error_code Loop::watch(int fd, std::uint32_t events, FdHandler& handler, FdToken& token) {
    check_owner("Loop::watch");
    const FdToken added = fds_.add(fd, handler);
    epoll_event event{};
    event.events = events;
    event.data.u64 = added.packed();
    if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
        const auto error = last_error();
        fds_.remove(added);
        return error;
    }
    token = added;
    return {};
}

std::error_code Loop::rewatch(FdToken token, std::uint32_t events) {
    check_owner("Loop::rewatch");
    const FdTable::Entry* entry = fds_.find(token);
    if (entry == nullptr) return std::make_error_code(std::errc::bad_file_descriptor);
    epoll_event event{};
    event.events = events;
    event.data.u64 = token.packed();
    return ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, entry->fd, &event) == 0 ? std::error_code{} : last_error();
}

void Loop::unwatch(FdToken& token) noexcept {
    check_owner("Loop::unwatch");
    const FdToken ended = std::exchange(token, FdToken{});
    const FdTable::Entry* entry = fds_.find(ended);
    if (entry == nullptr) return;
    // Fails only if the descriptor was closed first, which has removed it from epoll already.
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, entry->fd, nullptr);
    fds_.remove(ended);
}

void Loop::forget(FdToken& token) noexcept {
    check_owner("Loop::forget");
    fds_.remove(std::exchange(token, FdToken{}));
}

void Loop::add_hook(RoundHook& hook) {
    check_owner("Loop::add_hook");
    hooks_.push_back(&hook);
}

void Loop::remove_hook(RoundHook& hook) {
    check_owner("Loop::remove_hook");
    std::erase(hooks_, &hook);
}

void Loop::after_round(Task task) {
    check_owner("Loop::after_round");
    after_round_.push_back(std::move(task));
}

PostStatus Loop::post(Task&& task) {
    return in_loop() ? post_here(std::move(task), false) : inbox_.push(std::move(task));
}

PostStatus Loop::try_post(Task&& task) {
    return in_loop() ? post_here(std::move(task), true) : inbox_.try_push(std::move(task));
}

PostStatus Loop::post_here(Task&& task, bool bounded) {
    if (ended_) return PostStatus::closed;
    if (bounded && local_.size() >= options_.inbox_limit) return PostStatus::full;
    local_.push_back(std::move(task));
    return PostStatus::accepted;
}

bool Loop::work_left() const noexcept {
    return next_event_ < event_count_ || tasks_left() || timers_left_ || hooks_left_;
}

int Loop::wait_ms(int max_wait_ms) const {
    if (work_left()) return 0;
    const auto due_ms = timers_.next_due_ms();
    if (!due_ms) return max_wait_ms;
    const std::uint64_t now_ns = clock_.monotonic_ns();
    const std::uint64_t due_ns = *due_ms * 1'000'000;
    if (due_ns <= now_ns) return 0;
    const auto sleep_ms =
        static_cast<int>(std::min<std::uint64_t>((due_ns - now_ns + 999'999) / 1'000'000, INT_MAX));
    return max_wait_ms < 0 ? sleep_ms : std::min(sleep_ms, max_wait_ms);
}

void Loop::wait(int timeout_ms) {
    // Events carried over go first; epoll keeps what it has, and asking it again would favour its first in
    // line.
    if (next_event_ < event_count_) return;
    next_event_ = 0;
    event_count_ = 0;
    const bool carries_on = next_task_ >= batch_.size() && !local_.empty();
    unasked_ = carries_on && unasked_ < kMostUnasked ? unasked_ + 1 : 0;
    if (unasked_ > 0) return;
    const int count = ::epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    if (count > 0) event_count_ = static_cast<std::size_t>(count);
}

void Loop::dispatch_events() {
    const std::uint64_t until_ns = now_ns_ + options_.phase_us * 1'000;
    while (next_event_ < event_count_) {
        const epoll_event event = events_[next_event_++];
        if (event.data.u64 == kBell) {
            bell_ = true;
            continue;
        }
        const FdTable::Entry* entry = fds_.find(FdToken::unpack(event.data.u64));
        if (entry == nullptr) continue;  // unwatched by an earlier handler of this batch
        meter_.count_event();
        guarded(options_.name, [&] { entry->handler->on_fd(event.events); });
        if (clock_.monotonic_ns() >= until_ns) break;
    }
}

void Loop::dispatch_tasks() {
    if (next_task_ >= batch_.size()) {
        batch_.clear();
        next_task_ = 0;
        // Not earlier: silenced while a former batch is unfinished, the bell would not wake us for this one.
        if (std::exchange(bell_, false)) inbox_.acknowledge();
        inbox_.take(batch_);
        std::move(local_.begin(), local_.end(), std::back_inserter(batch_));
        local_.clear();
    }
    if (batch_.empty()) return;
    const std::uint64_t until_ns = clock_.monotonic_ns() + options_.phase_us * 1'000;
    while (next_task_ < batch_.size()) {
        Task task = std::move(batch_[next_task_++]);
        meter_.count_task();
        guarded(options_.name, task);
        if (clock_.monotonic_ns() >= until_ns) break;
    }
}

void Loop::dispatch_hooks() {
    hooks_left_ = false;
    for (std::size_t i = 0; i < hooks_.size(); ++i) {
        guarded(options_.name, [&] { hooks_left_ |= hooks_[i]->on_round_end(); });
    }
    std::vector<Task> once = std::exchange(after_round_, {});
    for (Task& task : once)
        guarded(options_.name, task);
}

void Loop::round(int max_wait_ms) {
    wait(wait_ms(max_wait_ms));
    now_ns_ = clock_.monotonic_ns();
    meter_.begin_round(now_ns_);
    dispatch_events();
    guarded(options_.name, [&] { timers_left_ = timers_.advance(now_ms(), options_.max_timers); });
    dispatch_tasks();
    dispatch_hooks();
    meter_.end_round(clock_.monotonic_ns());
}

void Loop::run_once(int max_wait_ms) {
    const Entered entered(*this);
    round(max_wait_ms);
}

void Loop::request_stop(std::uint64_t grace_ms) noexcept {
    stop_at_ns_.store(clock_.monotonic_ns() + grace_ms * 1'000'000);
    inbox_.wake();
}

bool Loop::tasks_left() const noexcept {
    return next_task_ < batch_.size() || !local_.empty() || !after_round_.empty();
}

Loop::StopReport Loop::run() {
    const Entered entered(*this);
    while (stop_at_ns_.load() == 0)
        round(-1);
    // Refuse new work first: under a steady stream of posts the inbox would never run dry.
    std::vector<Task> accepted;
    inbox_.close(accepted);
    std::move(accepted.begin(), accepted.end(), std::back_inserter(local_));
    while (tasks_left() && clock_.monotonic_ns() < stop_at_ns_.load())
        round(0);
    return drop_tasks();
}

Loop::StopReport Loop::drop_tasks() {
    ended_ = true;  // what the destructors of dropped tasks post is refused, not lost
    const StopReport report{local_.size() + after_round_.size() + batch_.size() - next_task_, fds_.size()};
    for (auto* tasks : {&batch_, &local_, &after_round_})
        std::exchange(*tasks, {}).clear();
    next_task_ = 0;
    return report;
}

}  // namespace streamhost::runtime
