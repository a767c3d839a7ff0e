#include "loop.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>

#include <unistd.h>

#include "failure.hpp"
#include "pace.hpp"

namespace streamhost::load {
namespace {

// Few enough that a flood of answers cannot keep the next message that is due waiting for long.
constexpr std::size_t kEventsPerTurn = 128;

[[noreturn]] void fail(const char* what) { throw Failure(std::string(what) + ": " + std::strerror(errno)); }

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll_create1");
    // The default lets the kernel wake us 50 microseconds late.
    if (::prctl(PR_SET_TIMERSLACK, 1UL) != 0) fail("prctl");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::watch(int fd, std::uint32_t events, Handler& handler) {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void Loop::change(int fd, std::uint32_t events, Handler& handler) {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl");
}

void Loop::forget(const Handler& handler) {
    std::erase(flushes_, &handler);
    std::replace(flushing_.begin(), flushing_.end(), const_cast<Handler*>(&handler),
                 static_cast<Handler*>(nullptr));
}

void Loop::turn(std::int64_t until_ns) {
    flush();
    const std::int64_t left_ns = std::max<std::int64_t>(until_ns - now_ns(), 0);
    const timespec wait{.tv_sec = left_ns / kSecond, .tv_nsec = left_ns % kSecond};
    std::array<epoll_event, kEventsPerTurn> events;
    const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    if (count < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int index = 0; index < count; ++index) {
        const epoll_event& event = events[static_cast<std::size_t>(index)];
        static_cast<Handler*>(event.data.ptr)->ready(event.events);
    }
    flush();
}

void Loop::flush() {
    flushing_.swap(flushes_);
    for (std::size_t index = 0; index < flushing_.size(); ++index) {
        if (flushing_[index] != nullptr) flushing_[index]->flush();
    }
    flushing_.clear();
}

}  // namespace streamhost::load
