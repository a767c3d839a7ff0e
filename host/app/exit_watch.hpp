#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace streamhost::app {

/// The problem: a process that was given a time to end in has to be gone by then, whatever hangs; and whoever
/// asks for the reason afterwards has nothing but what it said last.
///
/// A thread that waits for the time, says what is left by name, in the log and on standard error, and ends
/// the process with 1. When not even that thread gets there in time, a timer of the kernel does it without
/// names.
class ExitWatch {
public:
    using Left = std::function<std::string()>;  ///< [any] called once, when the time is over

    ExitWatch(std::uint64_t within_ms, Left left);
    ~ExitWatch();  ///< ended in time, as far as this one is asked; the kernel's timer goes on
    ExitWatch(const ExitWatch&) = delete;
    ExitWatch& operator=(const ExitWatch&) = delete;

    /// From now on this is what is left, and nobody is asked any more.
    void only(std::string what);

private:
    void wait(std::uint64_t for_ms);

    std::mutex mutex_;
    std::condition_variable ended_;
    Left left_;             // guarded by mutex_
    bool is_over_ = false;  // guarded by mutex_
    std::thread thread_;
};

/// Ends the process with 1, when `left` was logged: on standard error as well if the log has not come that
/// far. [any]
[[noreturn]] void leave_with(const std::string& left);

}  // namespace streamhost::app
