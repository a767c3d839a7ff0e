#include "errors.hpp"

#include "streamhost/status.hpp"

namespace gateway {

namespace {

constexpr std::int64_t kRetryAfterMs = 1'000;

// When the answer brought no words of its own.
std::string message_of(sh_status status, std::string_view what) {
    switch (status) {
    case SH_INVALID: return "not a valid request";
    case SH_NOT_FOUND: return "no such run or stream";
    case SH_EXPIRED: return "its lifetime is over";
    case SH_CONFLICT: return "used with other content, ended already, or a stream of the other kind";
    case SH_DIVERGED: return "the log has other content at that position";
    case SH_FORBIDDEN: return "you have no right to this";
    case SH_TOO_LARGE:
    case SH_FULL: return "over a limit";
    case SH_FENCED: return "a newer producer exists: stop, or claim anew";
    case SH_HELD: return "another producer's lease lives";
    case SH_GAP: return "`seq` is not the next number; `expected` is";
    case SH_ENDED: return "the stream has its end";
    case SH_TIMEOUT: return "no answer in time; whether it took effect is not known";
    case SH_BUSY: return "too much is under way";
    case SH_CANCELLED: return "a later request replaced it";
    case SH_UNAVAILABLE:
    case SH_GONE: return std::string(what) + " is not available on this node now";
    default: return "a fault of the server, logged there";
    }
}

}  // namespace

Error error_of(const sh_result& result, std::string_view what) {
    Error error{.code = streamhost::status_code(result.status), .message = result.detail};
    // What went wrong inside is for the log, not for a client.
    if (error.message.empty() || error.code == "internal") error.message = message_of(result.status, what);
    error.retryable = error.code == "internal" || streamhost::is_retryable(result.status);
    if (streamhost::is_retryable(result.status))
        error.retry_after_ms = result.wait_ms > 0 ? result.wait_ms : kRetryAfterMs;
    if (result.status == SH_GAP) error.expected = result.first;
    return error;
}

std::uint32_t close_code(const Error& error) noexcept {
    if (error.code == "bad_request" || error.code == "too_large") return 0;
    if (error.code == "internal") return 1011;
    if (error.retryable) return 1013;
    if (error.code == "unauthenticated") return 4401;
    return error.code == "forbidden" ? 4403 : 4400;
}

}  // namespace gateway
