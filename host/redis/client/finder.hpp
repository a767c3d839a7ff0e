#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client/options.hpp"
#include "redis/client/resolver.hpp"
#include "redis/client/sentinel_watch.hpp"

namespace streamhost::redis {

// Where the master should be; whether it is there, only its own ROLE says.
struct Found {
    Verdict verdict;  // of the Sentinels; for a single address only its master
    Address address;  // to connect to
    Endpoints endpoints;
};

enum class NotFound : std::uint8_t { kNoSentinel = 1, kRefused, kUnknownName, kStale, kUnknownHost };

class FinderEvents {
public:
    virtual ~FinderEvents() = default;
    // Was sought, or the Sentinels named it unasked. May come inside seek().
    virtual void on_found(const Found& found, bool was_sought) = 0;
    virtual void on_not_found(NotFound why, std::string_view text, bool was_sought) = 0;
};

// The problem: an address from a file is stale after the first failover, and one from a name server after the
// first move.
//
// A single address is looked up anew for each attempt. With Sentinels all are asked: when somebody seeks,
// each second or so, and when one of them announces a change. One question is open at a time, however many
// connections wait for it. [store]
class Finder {
public:
    Finder(runtime::Loop& loop, const ClientOptions& options, FinderEvents& events);

    void seek(std::int64_t now_ms);
    [[nodiscard]] bool is_seeking() const noexcept { return is_sought_; }
    // `is_lost`: nobody answers calls, so the next word of the Sentinels is awaited more eagerly.
    void tick(std::int64_t now_ms, double random, bool is_lost);
    void close() noexcept;

    // What was found proved to be the master; or did not.
    void confirm(const Found& found) noexcept { resolver_.confirm(found.verdict); }
    void reject(const Found& found) { resolver_.reject(found.verdict); }
    [[nodiscard]] std::uint64_t config_epoch() const noexcept { return resolver_.epoch(); }

private:
    void ask(std::int64_t now_ms);
    void adopt_sentinels();
    [[nodiscard]] bool is_named(const Address& address) const;
    void add(const Address& address);
    void settle(std::int64_t now_ms);
    void take(const Verdict& verdict);
    void look_up(const Verdict& verdict);
    void found(Found found);
    void not_found(NotFound why, std::string_view text);
    [[nodiscard]] Address mapped(const Address& address) const;
    [[nodiscard]] std::string seeds() const;

    static constexpr std::size_t kMostSentinels = 32;
    static constexpr std::int64_t kLookupMs = 3'000;
    static constexpr std::uint32_t kLostPollMs = 200;
    static constexpr std::uint32_t kAsksPerRefresh = 10;

    runtime::Loop& loop_;
    const ClientOptions& options_;
    FinderEvents& events_;
    HostLookup lookup_;
    std::optional<TlsContext> tls_;  // of the Sentinels
    Resolver resolver_;
    std::vector<std::unique_ptr<SentinelWatch>> watches_;
    std::optional<Found> last_;
    bool is_sought_ = false;
    bool ask_again_ = false;
    std::uint32_t asks_ = 0;
    std::int64_t asked_ms_ = INT64_MIN / 2;
    double jitter_ = 1;
    std::uint64_t lookup_id_ = 0;
    std::int64_t lookup_until_ms_ = INT64_MAX;
};

}  // namespace streamhost::redis
