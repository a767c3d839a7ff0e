#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "runtime/loop.hpp"

namespace streamhost::app {

/// The problem: a signal handler may do next to nothing, and arrives on any thread. So the signals that mean
/// something are blocked in every thread, before the first one is made, and read from a descriptor on the
/// control loop.
void block_signals();  ///< first thing in main

/// [control] From now on SIGTERM and SIGINT end the process at once with code 1, also when this thread hangs
/// in a plugin, which is when somebody sends the second one.
void leave_at_next_signal();
/// [control] So does the passing of `within_ms`.
void leave_within(std::uint64_t within_ms);
/// [any] Signal handlers too. On standard error, unless that would wait for its reader.
void write_last(std::string_view line) noexcept;

/// [control] Calls `on_signal` on the loop for SIGTERM, SIGINT and SIGHUP.
class SignalWatch final : private runtime::FdHandler {
public:
    SignalWatch(runtime::Loop& loop, std::function<void(int)> on_signal);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    // Tells of signals that came and that the loop has not told of yet.
    void look();

private:
    void on_fd(std::uint32_t /*events*/) override { look(); }

    runtime::Loop& loop_;
    std::function<void(int)> on_signal_;
    int fd_;
    runtime::FdToken token_;
};

}  // namespace streamhost::app
