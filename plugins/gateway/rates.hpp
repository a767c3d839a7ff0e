// What a request costs of whom the rate limiter knows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "streamhost/abi/svc/ratelimit.h"

#include "errors.hpp"
#include "request.hpp"

namespace gateway {

struct Rate {
    std::uint32_t verb = 0;  // SH_RATE_*; 0: not limited
    std::uint32_t cost = 1;
};

struct RateOf {
    Rate operator()(const Hello&) const { return {SH_RATE_HELLO}; }
    Rate operator()(const Refresh&) const { return {SH_RATE_HELLO}; }
    Rate operator()(const Subscribe&) const { return {SH_RATE_READ}; }
    Rate operator()(const Unsubscribe&) const { return {SH_RATE_READ}; }
    Rate operator()(const Ping&) const { return {SH_RATE_READ}; }
    Rate operator()(const History&) const { return {SH_RATE_READ}; }
    Rate operator()(const Send&) const { return {SH_RATE_SEND}; }
    Rate operator()(const Cancel&) const { return {SH_RATE_SEND}; }
    Rate operator()(const Append& append) const {
        return {SH_RATE_PRODUCE, static_cast<std::uint32_t>(std::max<std::size_t>(append.items.size(), 1))};
    }
    Rate operator()(const Claim&) const { return {SH_RATE_PRODUCE}; }
    Rate operator()(const Renew&) const { return {SH_RATE_PRODUCE}; }
    Rate operator()(const Refused&) const { return {}; }  // see reject()
};

[[nodiscard]] inline Rate rate_of(const Request& request) { return std::visit(RateOf{}, request.body); }

[[nodiscard]] inline Error too_often(std::int64_t wait_ms) {
    return {.code = "rate_limited",
            .message = "too many requests; try again after `retry_after_ms`",
            .retryable = true,
            .retry_after_ms = wait_ms};
}

}  // namespace gateway
