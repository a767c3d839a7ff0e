// Limits and times as tests write them.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "limiter.hpp"

namespace ratelimit::testing {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000 * kMs;

inline constexpr std::uint32_t bit(std::uint32_t verb) { return 1U << verb; }

// `count` tokens in a second.
inline Rate per_second(std::int64_t count, std::int64_t burst) { return {kSecond / count, burst}; }

inline Limit local(By by, Rate rate, std::uint32_t verbs = kAllVerbs) {
    return {by, verbs, rate, Scope::kLocal};
}
inline Limit global(By by, Rate rate, std::uint32_t verbs = kAllVerbs) {
    return {by, verbs, rate, Scope::kGlobal};
}

inline Settings settings(std::vector<Limit> limits) {
    Settings made;
    made.limits = std::move(limits);
    return made;
}

// A limiter with its time.
class Bench {
public:
    explicit Bench(Settings with) : limiter(std::move(with), {1, 2}) {}

    // How long to wait, in ms.
    std::int64_t take(const Subject& subject, std::uint32_t cost = 1) {
        return limiter.take(subject, cost, moment, questions).wait_ms;
    }
    int takes(const Subject& subject, int tries) {
        int taken = 0;
        for (int count = 0; count < tries; ++count)
            taken += take(subject) == 0 ? 1 : 0;
        return taken;
    }

    Limiter limiter;
    Moment moment{kSecond};
    std::vector<Question> questions;
};

inline Subject sends(std::string_view user, std::string_view address = "192.0.2.1") {
    return {SH_RATE_SEND, address, user, {}};
}

}  // namespace ratelimit::testing
