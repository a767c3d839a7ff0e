#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamhost::app {

/// The problem: whoever starts this process as a service has to know when it serves and when it stops, and to
/// end it when it hangs; a process that merely exists says none of that.
///
/// Speaks the protocol of sd_notify(3): datagrams of NAME=value lines to the socket that the environment
/// names. Without one all calls do nothing. [control]; a message waits for at most a second, a sign of life
/// never.
class ServiceManager {
public:
    struct Environment {
        std::string socket;             ///< NOTIFY_SOCKET: a path, or "@name"; others are not used
        std::uint64_t watchdog_us = 0;  ///< WATCHDOG_USEC: within this time it wants a sign of life; 0: never
    };
    /// WATCHDOG_USEC counts only where WATCHDOG_PID is this process or missing.
    [[nodiscard]] static Environment environment();

    explicit ServiceManager(Environment environment);
    ~ServiceManager();
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    void ready();     ///< serves, or has read its configuration
    void main_now();  ///< serves in place of the process that the manager knows
    void reloading(std::uint64_t monotonic_us);
    void stopping();
    [[nodiscard]] std::uint64_t watchdog_us() const noexcept { return watchdog_ms_ * 1'000; }
    /// A sign of life, if one is due; to be called more often than `watchdog_us` / 4. `stuck_ms`: how long
    /// the event loop that is worst off has not come back. From half of the watchdog's time on none is sent,
    /// so that a process whose clients get nothing is started anew though this thread is well.
    void beat(std::uint64_t now_ms, std::uint64_t stuck_ms);

private:
    void send(std::string_view text, int flags) const;

    const std::string socket_;
    const std::uint64_t watchdog_ms_;
    std::uint64_t beat_ms_ = 0;  // the last one; 0: none yet
    int fd_ = -1;
};

}  // namespace streamhost::app
