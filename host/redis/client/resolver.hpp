#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client/address.hpp"

namespace streamhost::redis {

// What one Sentinel said about a master.
struct SentinelAnswer {
    enum class Kind : std::uint8_t {
        kNone = 1,     // nothing in time, or not reachable
        kMaster,       // `master` and `config_epoch`
        kUnknownName,  // it watches no master of that name
        kRefused,      // it wants another user or password; `detail` says what it said
    };
    Kind kind = Kind::kNone;
    Address master;
    std::uint64_t config_epoch = 0;
    bool is_down = false;  // the Sentinels agreed that it is
    std::string detail;
};

// What follows from all answers.
struct Verdict {
    enum class Kind : std::uint8_t {
        kMaster = 1,
        kNoSentinel,  // none reachable
        kRefused,     // reachable, but they let nobody in
        kUnknownName,
        kStale,  // only answers from before the epoch that was seen
    };
    Kind kind = Kind::kNoSentinel;
    Address master;
    std::uint64_t config_epoch = 0;
    bool is_down = false;
    std::uint32_t votes = 0;    // Sentinels that name this address
    std::uint32_t answers = 0;  // Sentinels that name any
    std::string detail;
};

// The problem: Sentinels disagree during a failover and for long after it, and both a Sentinel and the master
// that it names can be stale while each confirms the other. First answer wins is how clients end on an old
// master.
//
// All are asked at once; the address with the highest config epoch wins, among equals the one with more
// votes; an answer older than the epoch of a master that proved to be one is never believed again. One that
// was tried in vain and has no majority gives way once to one that has. Several questions may follow each
// other; one is open at a time. No I/O, no clock: times in milliseconds are passed in.
class Resolver {
public:
    explicit Resolver(std::uint32_t answer_ms) : answer_ms_(answer_ms) {}

    // Starts over with so many Sentinels.
    void ask(std::size_t sentinels, std::int64_t now_ms);
    // Each answers once; later ones are of a question before.
    void answer(std::size_t sentinel, SentinelAnswer answer);
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    // Everyone answered, or the time is over: the verdict, once.
    [[nodiscard]] std::optional<Verdict> take_verdict(std::int64_t now_ms);

    // A server at the verdict's address proved to be the master.
    void confirm(const Verdict& verdict) noexcept;
    // It did not.
    void reject(const Verdict& verdict) { rejected_ = verdict.master; }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

private:
    [[nodiscard]] std::vector<Verdict> candidates() const;
    [[nodiscard]] Verdict without_master() const;
    [[nodiscard]] Verdict decide() const;

    std::uint32_t answer_ms_;
    bool is_open_ = false;
    std::int64_t until_ms_ = 0;
    std::size_t missing_ = 0;
    std::vector<std::optional<SentinelAnswer>> answers_;
    std::uint64_t epoch_ = 0;  // of the last master that proved to be one
    std::optional<Address> rejected_;
};

}  // namespace streamhost::redis
