#include "app/signals.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

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

}  // namespace

void block_signals() {
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A peer that is gone is told by the return value of write; the default action would end the process.
    (void)std::signal(SIGPIPE, SIG_IGN);
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

void SignalWatch::on_fd(std::uint32_t /*events*/) {
    signalfd_siginfo info{};
    while (::read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
        on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace streamhost::app
