// When a request that failed may be made again: only before the first token (a second answer behind half of
// a first one would be nonsense), only for what may pass by itself, a limited number of times. Exponential
// back-off with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015). Pure. [any]
#pragma once

#include <cstdint>
#include <optional>

#include "provider.hpp"

namespace chat {

enum class Fault : std::uint8_t {
    none,
    connect,       // no connection, or it broke before anything came
    disconnected,  // it broke after that
    timeout,
    status,  // an HTTP status that is not 200
    stopped,
    garbage,  // no HTTP, or no event stream
    tls       // the peer is not who it should be: trying again changes nothing
};

struct Attempt {
    Fault fault = Fault::none;
    int status = 0;
    std::optional<std::uint32_t> retry_after_ms;
    bool had_token = false;
};

struct RetryOptions {
    std::uint32_t attempts = 3;
    std::uint32_t first_ms = 250;
    std::uint32_t last_ms = 4'000;
    std::uint32_t max_retry_after_ms = 10'000;  // a server that wants more is not waited for
};

// The wait before the next attempt; nothing: it is over. `made`: attempts so far. `random` in [0, 1).
[[nodiscard]] std::optional<std::uint32_t> retry_in_ms(const RetryOptions& options, const Attempt& attempt,
                                                       std::uint32_t made, double random);
// What the user hears of an attempt that was the last.
[[nodiscard]] Verdict verdict_of(const Attempt& attempt);
// Of a Retry-After in seconds; a date is not understood and not needed.
[[nodiscard]] std::optional<std::uint32_t> parse_retry_after(const std::string& value);

}  // namespace chat
