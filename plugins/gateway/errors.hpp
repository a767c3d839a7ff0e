// What a client is told when something was not done. Source: docs/protocol.md, "Errors".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/async.h"

namespace gateway {

struct Error {
    std::string_view code = "internal";
    std::string message;
    bool retryable = false;
    std::int64_t retry_after_ms = 0;        // 0: not said
    std::optional<std::uint64_t> expected;  // of a sequence gap
};

// `what` names the part of the server that answered, for the case that it is not there.
[[nodiscard]] Error error_of(const sh_result& result, std::string_view what);
inline constexpr std::string_view kCache = "the stream cache";
// How a connection ends whose `hello` was answered with this: a client that reads the code alone does the
// same as one that reads `retryable`. 0: it may say hello again, otherwise.
[[nodiscard]] std::uint32_t close_code(const Error& error) noexcept;
// All codes, for metrics that exist before the first error.
inline constexpr std::string_view kErrorCodes[] = {
    "bad_request", "unknown_type", "unauthenticated", "forbidden",    "not_found",
    "conflict",    "too_large",    "rate_limited",    "unavailable",  "timeout",
    "internal",    "held",         "fenced",          "sequence_gap", "ended"};

}  // namespace gateway
