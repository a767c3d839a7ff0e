#include "runtime/inbox.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

#include <unistd.h>

namespace streamhost::runtime {
namespace {

int make_event_fd() {
    const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::system_category(), "eventfd");
    return fd;
}

}  // namespace

Inbox::Inbox(std::size_t limit) : limit_(limit), event_fd_(make_event_fd()) {}

Inbox::~Inbox() { ::close(event_fd_); }

PostStatus Inbox::push(Task&& task) { return add(std::move(task), false); }

PostStatus Inbox::try_push(Task&& task) { return add(std::move(task), true); }

PostStatus Inbox::add(Task&& task, bool bounded) {
    const std::lock_guard lock(mutex_);
    if (closed_) return PostStatus::closed;
    if (waiting_.size() >= limit_) {
        if (bounded) {
            ++stats_.refused;
            return PostStatus::full;
        }
        ++stats_.over_limit;
    }
    waiting_.push_back(std::move(task));
    if (!rung_) {
        rung_ = true;
        ++stats_.wake_ups;
        wake();  // under the lock: the consumer may destroy the inbox once it has been able to close it
    }
    return PostStatus::accepted;
}

std::size_t Inbox::take(std::vector<Task>& batch) {
    const std::lock_guard lock(mutex_);
    rung_ = false;
    batch.swap(waiting_);
    return batch.size();
}

void Inbox::close(std::vector<Task>& left) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(waiting_);
}

void Inbox::wake() const noexcept {
    const std::uint64_t one = 1;
    // The only failure of a non-blocking eventfd is a full counter, which is readable already.
    [[maybe_unused]] const auto written = ::write(event_fd_, &one, sizeof one);
}

void Inbox::acknowledge() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event_fd_, &count, sizeof count);
}

Inbox::Stats Inbox::stats() const {
    const std::lock_guard lock(mutex_);
    Stats now = stats_;
    now.waiting = waiting_.size();
    return now;
}

}  // namespace streamhost::runtime
