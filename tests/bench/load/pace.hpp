#pragma once

#include <chrono>
#include <cstdint>

namespace streamhost::load {

// Nanoseconds of the steady clock.
[[nodiscard]] inline std::int64_t now_ns() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}
constexpr std::int64_t kSecond = 1'000'000'000;

// An open loop: message `index` is due at a time that no answer can move. What is late, on our side or the
// server's, shows as latency instead of as a lower rate (Gil Tene, "How NOT to Measure Latency", 2015).
class Pace {
public:
    Pace(std::int64_t start_ns, std::uint64_t per_second) noexcept
        : start_ns_(start_ns), per_second_(per_second) {}
    [[nodiscard]] std::int64_t due_ns(std::uint64_t index) const noexcept {
        const std::uint64_t whole = index / per_second_;
        const std::uint64_t rest = index % per_second_;
        return start_ns_ + static_cast<std::int64_t>(whole * kSecond + rest * kSecond / per_second_);
    }

private:
    std::int64_t start_ns_;
    std::uint64_t per_second_;
};

}  // namespace streamhost::load
