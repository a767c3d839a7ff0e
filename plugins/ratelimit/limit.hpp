// What a limit is: who is counted, for which verbs, how often. Plain values. [any]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/ratelimit.h"

namespace ratelimit {

// What a bucket belongs to. kNode: there is one, for everybody.
enum class By : std::uint8_t { kAddress = 0, kUser, kSession, kNode };
inline constexpr std::size_t kBys = 4;
inline constexpr std::array<std::string_view, kBys> kByWords = {"address", "user", "session", "node"};
[[nodiscard]] constexpr std::size_t index_of(By by) noexcept { return static_cast<std::size_t>(by); }
[[nodiscard]] constexpr std::string_view word(By by) noexcept { return kByWords[index_of(by)]; }

// By SH_RATE_*; 0 is none.
inline constexpr std::size_t kVerbs = 7;
inline constexpr std::array<std::string_view, kVerbs> kVerbWords = {"",     "connect", "hello", "read",
                                                                    "send", "produce", "admin"};
inline constexpr std::uint32_t kAllVerbs = 0x7e;  // bit 1 << SH_RATE_*

// A bucket of `burst` tokens, of which one comes back every interval_ns. A whole bucket takes a day at the
// most.
struct Rate {
    std::int64_t interval_ns = 0;  // 1,000 and more
    std::int64_t burst = 0;        // 1 to 1,000,000

    [[nodiscard]] std::int64_t whole_ns() const noexcept { return interval_ns * burst; }
    friend bool operator==(const Rate&, const Rate&) = default;
};
inline constexpr std::int64_t kMinIntervalNs = 1'000;
inline constexpr std::int64_t kMaxFillNs = std::int64_t{24} * 3600 * 1'000'000'000;
inline constexpr std::int64_t kMaxBurst = 1'000'000;

// kGlobal: all nodes together, by way of the store.
enum class Scope : std::uint8_t { kLocal = 1, kGlobal };

struct Limit {
    By by = By::kAddress;
    std::uint32_t verbs = kAllVerbs;
    Rate rate;
    Scope scope = Scope::kLocal;
    friend bool operator==(const Limit&, const Limit&) = default;
};
inline constexpr std::size_t kMaxLimits = 32;

// 0: no limit.
struct ConnectionLimits {
    std::uint32_t per_address = 0;
    std::uint32_t per_user = 0;
    std::uint32_t node = 0;
    std::int64_t retry_after_ms = 5'000;
};

}  // namespace ratelimit
