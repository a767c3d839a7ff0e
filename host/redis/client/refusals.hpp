#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "redis/client/options.hpp"
#include "redis/error_code.hpp"

namespace streamhost::redis {

// What a server lacks that refuses writes and serves everything else.
struct Lack {
    std::string_view code;  // of its error
    ReportLevel level;
    std::string_view begins;
    std::string_view ends;
};
inline constexpr std::array kLacks = {
    Lack{"OOM", ReportLevel::kError, "the server is out of memory, writes that need some are refused",
         "the server has refused nothing for want of memory for 5 s"},
    Lack{"MISCONF", ReportLevel::kError, "the server cannot save its data, writes are refused",
         "the server has refused nothing for want of a save for 5 s"},
    Lack{"NOREPLICAS", ReportLevel::kWarning, "the server has too few replicas, writes wait for them",
         "the server has refused nothing for want of replicas for 5 s"},
};

// "the server is out of memory, writes that need some are refused (OOM command not allowed ...)"
[[nodiscard]] inline std::string describe(const Lack& lack, std::string_view error) {
    return std::string(lack.begins) + " (" + std::string(error) + ")";
}

// The problem: a server that is full, or alone, answers, so that neither the link nor the breaker shows it,
// and each write that it refuses says it again.
//
// Begins with the first refusal, and is over when a while has passed without one: that some write passes says
// nothing, since small ones fit and some need nothing. No clock: milliseconds of any monotonic one are passed
// in. [store]
class Refusals {
public:
    static constexpr std::int64_t kQuietMs = 5'000;

    // An error of the server. What it lacks, if that is new.
    [[nodiscard]] const Lack* refused(std::string_view error, std::int64_t now_ms) {
        const std::string_view code = error_code(error);
        for (std::size_t index = 0; index < kLacks.size(); ++index) {
            if (code != kLacks[index].code) continue;
            const bool is_new = last_ms_[index] == kNever;
            last_ms_[index] = now_ms;
            if (is_new) errors_[index] = error;
            return is_new ? &kLacks[index] : nullptr;
        }
        return nullptr;
    }
    // What is over. Call it while the server answers, until it gives nothing.
    [[nodiscard]] const Lack* over(std::int64_t now_ms) noexcept {
        for (std::size_t index = 0; index < kLacks.size(); ++index) {
            if (last_ms_[index] == kNever || now_ms - last_ms_[index] < kQuietMs) continue;
            last_ms_[index] = kNever;
            return &kLacks[index];
        }
        return nullptr;
    }
    // The server did not answer: that it refused nothing meanwhile says nothing.
    void unheard(std::int64_t now_ms) noexcept {
        for (std::int64_t& last_ms : last_ms_)
            if (last_ms != kNever) last_ms = now_ms;
    }

    // All that it lacks now, as the log said it; empty: nothing.
    [[nodiscard]] std::string text() const {
        std::string all;
        for (std::size_t index = 0; index < kLacks.size(); ++index)
            if (last_ms_[index] != kNever)
                all += (all.empty() ? "" : "; ") + describe(kLacks[index], errors_[index]);
        return all;
    }

private:
    static constexpr std::int64_t kNever = INT64_MIN;

    std::array<std::int64_t, kLacks.size()> last_ms_ = {kNever, kNever, kNever};
    std::array<std::string, kLacks.size()> errors_;  // the first of each since it began
};

}  // namespace streamhost::redis
