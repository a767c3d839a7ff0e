#include "app/exit_watch.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "app/signals.hpp"
#include "observe/logging.hpp"
#include "runtime/thread_name.hpp"

namespace streamhost::app {

namespace {

constexpr std::uint64_t kMostForWordsMs = 250;
constexpr std::uint64_t kLogMs = 100;

}  // namespace

void leave_with(const std::string& left) {
    // A log that is that far behind writes nothing of it any more.
    if (!observe::flush_logging(kLogMs)) write_last("streamhost: leaving with what is left: " + left + "\n");
    ::_exit(1);
}

ExitWatch::ExitWatch(std::uint64_t within_ms, Left left) : left_(std::move(left)) {
    leave_within(within_ms);
    const std::uint64_t for_words_ms = std::min(within_ms / 20, kMostForWordsMs);
    try {
        thread_ = std::thread([this, for_ms = within_ms - for_words_ms] { wait(for_ms); });
    } catch (const std::system_error&) {
        // No thread to be had: the kernel's timer ends it without names.
    }
}

ExitWatch::~ExitWatch() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    ended_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void ExitWatch::only(std::string what) {
    const std::lock_guard lock(mutex_);
    left_ = [held = std::move(what)] { return held; };
}

void ExitWatch::wait(std::uint64_t for_ms) {
    runtime::set_thread_name("exit-watch");
    std::unique_lock lock(mutex_);
    if (ended_.wait_for(lock, std::chrono::milliseconds(for_ms), [this] { return is_over_; })) return;
    const std::string left = left_();
    observe::Log("host").error("the time to stop is over: leaving with what is left", {{"left", left}});
    leave_with(left);
}

}  // namespace streamhost::app
