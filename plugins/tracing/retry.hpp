// What an answer of the collector means for the batch that it was given, as OTLP/HTTP has it: 2xx is taken,
// 429, 502, 503 and 504, and no answer at all, may be tried again, no sooner than Retry-After says; anything
// else would be refused again. Pure. [any]
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tracing {

struct Reply {
    int status = 0;  // 0: none came
    std::optional<std::chrono::milliseconds> retry_after;
    std::string body;  // of a 2xx, for read_response()
    std::string why;   // where none came

    [[nodiscard]] bool is_taken() const noexcept { return status >= 200 && status < 300; }
    [[nodiscard]] bool may_pass() const noexcept {
        return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
    }
};

inline constexpr std::chrono::milliseconds kFirstWait{500};
inline constexpr std::chrono::milliseconds kLongestWait{30'000};

// Before the next try. `made`: tries so far; `random` in [0, 1). What the collector asks for counts, but no
// longer than a day.
[[nodiscard]] std::chrono::milliseconds wait_before_retry(const Reply& reply, std::uint32_t made,
                                                          double random);
// Seconds, or a date as HTTP has it.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(
    const std::string& value, std::chrono::system_clock::time_point now);

}  // namespace tracing
