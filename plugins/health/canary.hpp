// The problem: every part says that it is well and still nothing comes through. A canary goes the way that
// entries go, again and again, and says how long it took.
//
// Three probes: a write that the store answers, an entry of a stream that comes back live, and a message that
// comes back through the topics. What has not come back when the next round begins has failed, and what
// failed twice in a row is failing: so it is seen within three intervals. No I/O and no clock. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace health {

enum class Probe : std::size_t { kStore = 0, kStream = 1, kTopic = 2 };
inline constexpr std::size_t kProbes = 3;
inline constexpr std::array<const char*, kProbes> kProbeNames = {"store", "stream", "topic"};

enum class Tweet {
    kUnknown = 1,  // no round is over yet
    kOk,
    kLate,  // the last round failed; once is no news
    kFailing,
    kOff  // nobody provides what it goes through
};
[[nodiscard]] std::string_view to_string(Tweet state) noexcept;

struct ProbeView {
    Tweet state = Tweet::kUnknown;
    std::int64_t latency_ms = -1;  // of the last one that came back; -1: none did
    std::int64_t since_ok_ms = -1;
    std::uint64_t failures = 0;
};
using CanaryView = std::array<ProbeView, kProbes>;

class Canary {
public:
    // In a row, before a probe counts as failing.
    static constexpr std::uint32_t kPatience = 2;

    // Starts a round and ends the one before. Its number comes back with the answers.
    [[nodiscard]] std::uint64_t begin(std::int64_t now_ms);
    // It came back: how long that took, or -1 when it belongs to a round that is over.
    std::int64_t came_back(Probe probe, std::uint64_t round, std::int64_t now_ms);
    void failed(Probe probe, std::uint64_t round);
    void unavailable(Probe probe, std::uint64_t round);
    [[nodiscard]] std::uint64_t failures(Probe probe) const {
        return states_[static_cast<std::size_t>(probe)].failures;
    }
    [[nodiscard]] CanaryView view(std::int64_t now_ms) const;

    struct News {
        Probe probe = Probe::kStore;
        Tweet state = Tweet::kUnknown;  // kFailing; kOk or kOff of one that was failing
    };
    // What somebody should hear of and has not heard yet; each change once.
    [[nodiscard]] std::vector<News> take_news();

private:
    struct State {
        Tweet state = Tweet::kUnknown;
        bool is_waiting = false;
        bool is_told = false;  // that it is failing
        std::uint32_t in_a_row = 0;
        std::uint64_t failures = 0;
        std::int64_t latency_ms = -1;
        std::int64_t ok_ms = -1;
    };
    [[nodiscard]] State* waiting(Probe probe, std::uint64_t round);
    static void fail(State& state);

    std::array<State, kProbes> states_;
    std::uint64_t round_ = 0;
    std::int64_t began_ms_ = 0;
};

}  // namespace health
