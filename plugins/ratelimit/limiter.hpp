// Everything that decides, without clock and I/O: the rules in force, the buckets, the connections.
//
// Rules change while others read them: a reader holds one of kLanes mutexes, chosen by its thread and so as a
// rule its own; the writer holds all of them for the length of a swap. No reader waits for another.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "buckets.hpp"
#include "connections.hpp"
#include "rules.hpp"

namespace ratelimit {

struct Subject {
    std::uint32_t verb = 0;  // SH_RATE_*
    std::string_view address;
    std::string_view user;
    std::string_view session;
};

struct Verdict {
    std::int64_t wait_ms = 0;  // 0: go on
    By by = By::kNode;         // who was refused
    bool is_exempt = false;
    std::uint32_t on_share = 0;  // as Outcome
};

class Limiter {
public:
    static constexpr std::size_t kLanes = 16;

    Limiter(Settings settings, const SipKey& key);

    // [any]. `questions` gets what the store is to be asked.
    [[nodiscard]] Verdict take(const Subject& subject, std::uint32_t cost, const Moment& moment,
                               std::vector<Question>& questions);
    [[nodiscard]] Verdict enter(std::string_view address, std::string_view user);
    void leave(std::string_view address, std::string_view user);

    // From the next call on. Limits that stay as they were keep their buckets. Prefixes and max_buckets must
    // be the same: Failure(SH_NEEDS_RESTART), and nothing was changed. [control]
    void change(Settings settings);

    [[nodiscard]] std::shared_ptr<const Rules> rules() const;  // [any]
    [[nodiscard]] Buckets& buckets() noexcept { return buckets_; }
    [[nodiscard]] const Buckets& buckets() const noexcept { return buckets_; }
    [[nodiscard]] const Connections& connections() const noexcept { return connections_; }

    // `key` as an operator writes it: an address with or without its prefix, a user, a session. Nothing: it
    // cannot be one. What of it is to be made full again in the store is in `questions`, with want 0. [any]
    [[nodiscard]] std::optional<bool> forget(By by, std::string_view key, std::vector<Question>& questions);

private:
    struct alignas(64) Lane {
        mutable std::mutex mutex;
        std::shared_ptr<const Rules> rules;
    };
    [[nodiscard]] const Lane& lane() const noexcept;

    std::array<Lane, kLanes> lanes_;
    std::uint32_t last_id_ = 0;  // [control]
    Buckets buckets_;
    Connections connections_;
};

}  // namespace ratelimit
