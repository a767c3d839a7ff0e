// The problem: the node that produced a run is gone, and no chat may be "streaming" for ever. The node that
// holds a run says so every kRefreshMs in the store's list of open runs; a member that nobody refreshed for
// kDueMs is taken by one node, which ends it with `lost` unless its producer's lease still lives.
//
// An outage of the store must reap nobody: a lapse counts only after this node saw the store answer for one
// whole lease, because during the outage no producer could renew. [store]
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "conclusion.hpp"

namespace chat {

constexpr std::uint32_t kLeaseMs = 6'000;
constexpr std::uint32_t kRefreshMs = 2'000;
constexpr std::uint32_t kDueMs = 7'000;  // with tick and store: lost within 10 s of the last refresh
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

    Reaper(streamhost::Host& host, Cache& cache, OpenRuns& open, Concluder& concluder, IsLocal is_local,
           OnLost on_lost)
        : host_(host),
          cache_(cache),
          open_(open),
          concluder_(concluder),
          is_local_(std::move(is_local)),
          on_lost_(std::move(on_lost)) {}
    void tick();

private:
    void look_at(const std::string& run);
    void end_lost(const std::string& run, std::uint64_t fence);

    streamhost::Host& host_;
    Cache& cache_;
    OpenRuns& open_;
    Concluder& concluder_;
    IsLocal is_local_;
    OnLost on_lost_;
    StoreWatch watch_;
    bool is_taking_ = false;
};

}  // namespace chat
