#include "retry_policy.hpp"

#include "streamhost/whole_number.hpp"

#include "run_machine.hpp"

namespace chat {

namespace {

bool may_pass(const Attempt& attempt) {
    if (attempt.had_token) return false;
    if (attempt.fault == Fault::connect || attempt.fault == Fault::disconnected) return true;
    return attempt.fault == Fault::status && (attempt.status == 429 || attempt.status >= 500);
}

}  // namespace

std::optional<std::uint32_t> retry_in_ms(const RetryOptions& options, const Attempt& attempt,
                                         std::uint32_t made, double random) {
    if (made >= options.attempts || !may_pass(attempt)) return std::nullopt;
    const double jittered = random * back_off_ms(made, options.first_ms, options.last_ms);
    const std::uint32_t wait = static_cast<std::uint32_t>(jittered);
    if (!attempt.retry_after_ms) return wait;
    if (*attempt.retry_after_ms > options.max_retry_after_ms) return std::nullopt;
    return *attempt.retry_after_ms + wait / 4;
}

Verdict verdict_of(const Attempt& attempt) {
    switch (attempt.fault) {
    case Fault::connect: return {.code = "unavailable", .message = "The provider cannot be reached."};
    case Fault::disconnected:
        return {.code = "unavailable",
                .message = "The connection to the provider broke in the middle of the answer."};
    case Fault::timeout: return {.code = "timeout", .message = "The provider did not answer in time."};
    case Fault::garbage:
        return {.code = "internal", .message = "The provider sent something that is no answer."};
    case Fault::status:
        if (attempt.status == 429)
            return {.code = "rate_limited", .message = "The provider has too much to do; try again later."};
        if (attempt.status >= 500)
            return {.code = "unavailable", .message = "The provider is out of order; try again later."};
        break;
    case Fault::none:
    case Fault::stopped:
    case Fault::tls: break;
    }
    return {.code = "internal", .message = "The provider refused the request."};
}

std::optional<std::uint32_t> parse_retry_after(const std::string& value) {
    const auto seconds = streamhost::whole_number<std::uint32_t>(value);
    if (!seconds || *seconds > 86'400) return std::nullopt;
    return *seconds * 1'000;
}

}  // namespace chat
