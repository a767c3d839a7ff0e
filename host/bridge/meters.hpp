#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "observe/metrics.hpp"

namespace streamhost::bridge {

/// Codes that get a series of their own; all others, which clients may make up, share one. The problem of
/// each: a label that comes from outside must not grow, and counting must not take the registry's lock.
inline constexpr std::array<std::uint16_t, 21> kCloseCodes = {1000, 1001, 1002, 1003, 1006, 1007, 1008,
                                                              1009, 1011, 1012, 1013, 4000, 4001, 4002,
                                                              4004, 4100, 4400, 4401, 4403, 4413, 4429};
inline constexpr std::array<std::uint16_t, 21> kHttpCodes = {
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 421, 429, 500, 503, 504, 507};

/// Where the code stands in such a list, which ascends; its size for one that is not there. [any]
template <std::size_t N>
[[nodiscard]] std::size_t place_of(const std::array<std::uint16_t, N>& codes, std::uint32_t code) noexcept {
    for (std::size_t index = 0; index < N; ++index)
        if (codes[index] == code) return index;
    return N;
}

/// What happens to clients' connections. Made on [control], counts on any loop.
class ConnectionMeters {
public:
    explicit ConnectionMeters(observe::Metrics& metrics);

    void closed(std::uint16_t code) noexcept { closed_[place_of(kCloseCodes, code)]->add(); }
    /// The socket took no more, and so many bytes of its own wait.
    void blocked(std::size_t waiting_bytes) noexcept {
        send_queue_->observe(static_cast<double>(waiting_bytes));
    }
    /// Newest entry of a stream by the store's clock, and when what came with it was given to the sockets.
    /// The store's clock may be ahead of ours.
    void delivered(std::int64_t written_ms, std::int64_t now_ms) noexcept {
        delivery_->observe(now_ms > written_ms ? static_cast<double>(now_ms - written_ms) / 1e3 : 0);
    }

private:
    std::array<observe::Counter*, kCloseCodes.size() + 1> closed_{};
    observe::Histogram* send_queue_;
    observe::Histogram* delivery_;
};

/// Answers of one HTTP route by status. A series is made when its status is first answered, which takes the
/// registry's lock: [worker].
class RouteMeter {
public:
    void answered(observe::Metrics& metrics, std::string_view route, std::uint32_t status) const;
    /// False, and not counted, when the series is not made yet. [any]
    [[nodiscard]] bool try_answered(std::uint32_t status) const noexcept;

private:
    mutable std::array<std::atomic<observe::Counter*>, kHttpCodes.size() + 1> counters_{};
};

/// How locks of the store were asked for. [store]
class LockMeters {
public:
    explicit LockMeters(observe::Metrics& metrics);

    enum class Result : std::uint8_t { ok = 0, held, error };
    void answered(Result result, double waited_s) noexcept {
        results_[static_cast<std::size_t>(result)]->add();
        if (result == Result::ok) wait_->observe(waited_s);
    }

private:
    std::array<observe::Counter*, 3> results_{};
    observe::Histogram* wait_;
};

}  // namespace streamhost::bridge
