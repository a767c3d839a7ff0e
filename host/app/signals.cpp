#include "app/signals.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace streamhost::app {

namespace {

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

// Whatever runs in this thread was interrupted, so nothing but system calls.
void leave(int signal) {
    constexpr std::string_view kAgain = "streamhost: second signal: leaving at once\n";
    constexpr std::string_view kLate = "streamhost: the time to stop is over: leaving with what is left\n";
    write_last(signal == SIGALRM ? kLate : kAgain);
    ::_exit(1);
}

void leave_on(std::initializer_list<int> signals) {
    struct sigaction action {};
    action.sa_handler = &leave;
    sigset_t unblocked;
    sigemptyset(&unblocked);
    for (const int signal : signals) {
        ::sigaction(signal, &action, nullptr);
        sigaddset(&unblocked, signal);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
}

}  // namespace

void write_last(std::string_view line) noexcept {
    pollfd error{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&error, 1, 0) != 1) return;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void block_signals() {
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A peer that is gone is told by the return value of write; the default action would end the process.
    (void)std::signal(SIGPIPE, SIG_IGN);
}

void leave_at_next_signal() {
    // All other threads keep them blocked: the handler runs here, whatever this thread is doing.
    leave_on({SIGTERM, SIGINT});
}

void leave_within(std::uint64_t within_ms) {
    leave_on({SIGALRM});
    const itimerval at{
        {}, {static_cast<time_t>(within_ms / 1'000), static_cast<suseconds_t>(within_ms % 1'000 * 1'000)}};
    ::setitimer(ITIMER_REAL, &at, nullptr);
}

SignalWatch::SignalWatch(runtime::Loop& loop, std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
    const sigset_t set = watched();
    fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0 || loop_.watch(fd_, EPOLLIN, *this, token_))
        throw std::system_error(errno, std::generic_category(), "signals cannot be watched");
}

SignalWatch::~SignalWatch() {
    loop_.unwatch(token_);
    ::close(fd_);
}

void SignalWatch::look() {
    signalfd_siginfo info{};
    while (::read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
        on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace streamhost::app
