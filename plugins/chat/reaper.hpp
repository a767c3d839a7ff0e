// The problem: the node that produced a run is gone, and no chat may be "streaming" for ever. The node that
// holds a run says so every kRefreshMs in the store's list of open runs; a member that nobody refreshed for
// kDueMs is taken by one node, which ends it with `lost` unless its producer's lease still lives. A run of a
// remote provider goes into the queue of its workers again, when its terms allow that.
//
// An outage of the store must reap nobody: a lapse counts only after this node saw the store answer for one
// whole lease, because during the outage no producer could renew. [store]
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "conclusion.hpp"
#include "remote_terms.hpp"

namespace chat {

constexpr std::uint32_t kLeaseMs = 6'000;
constexpr std::uint32_t kRefreshMs = 2'000;
constexpr std::uint32_t kDueMs = 7'000;       // with tick and store: lost within 10 s of the last refresh
constexpr std::uint32_t kTakenDueMs = 5'000;  // of a worker's run: looked at by the time its lease lapses
constexpr std::uint32_t kTakenAgainMs = 2'000;
constexpr std::uint32_t kTickMs = 1'000;
constexpr std::uint32_t kRefreshTickMs = 50;  // each run every kRefreshMs, spread over it

// Since when does the store answer? Pure.
class StoreWatch {
public:
    void answered(sh_status status, std::int64_t now_ms);
    // Healthy for one whole lease.
    [[nodiscard]] bool trusts_lapses(std::int64_t now_ms) const noexcept;

private:
    std::optional<std::int64_t> healthy_since_ms_;
};

class Reaper {
public:
    using IsLocal = std::function<bool(const std::string& run)>;
    using OnLost = std::function<void(const std::string& run)>;
    // Nobody produces it, and its terms let another worker do so: put it into their queue again.
    using OnWaits =
        std::function<void(const std::string& run, const RemoteTerms& terms, std::uint64_t claims)>;
    struct Events {
        OnLost lost;
        OnLost given_up;
        OnWaits waits;
    };

    Reaper(streamhost::Host& host, Cache& cache, OpenRuns& open, Concluder& concluder, IsLocal is_local,
           Events events)
        : host_(host),
          cache_(cache),
          open_(open),
          concluder_(concluder),
          is_local_(std::move(is_local)),
          events_(std::move(events)) {}
    void tick();

private:
    void look_at(const std::string& run);
    // Nobody produces it. What is to happen stands in its job.
    void judge(const std::string& run);
    void end(const std::string& run, std::uint64_t fence, const std::string& end, const OnLost& tell);

    streamhost::Host& host_;
    Cache& cache_;
    OpenRuns& open_;
    Concluder& concluder_;
    IsLocal is_local_;
    Events events_;
    StoreWatch watch_;
    bool is_taking_ = false;
};

}  // namespace chat
