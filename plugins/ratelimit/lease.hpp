// The problem: a limit holds for all nodes together, and whoever asks must be answered at once, without
// asking the store.
//
// So a node holds tokens of the shared bucket in hand, a batch at the most, which it fetches ahead of need:
// when half of them are gone. Somebody whom it does not know yet begins with a batch on credit, which is paid
// for with the next tokens that the store gives; until then the hand is in debt, and nothing is given out.
//
// The bound: in any time all nodes together let pass what one bucket lets pass, and one batch for each node
// (or the largest cost of one call, if that is more).
//
// When the store is away, or leaves a question unanswered for kPatienceNs, and the hand is empty, a local
// bucket with this node's share decides.
//
// No clock, no I/O. One thread at a time.
#pragma once

#include <cstdint>

#include "gcra.hpp"
#include "limit.hpp"

namespace ratelimit {

// As things stand when somebody asks.
struct Moment {
    std::int64_t now_ns = 0;
    bool is_store_away = false;
    std::uint32_t nodes = 1;  // that are known, this one included
};

// Tokens that a node may hold: a quarter of the burst, or of a second, whichever is more; at most the burst.
[[nodiscard]] std::int64_t batch_of(const Rate& rate) noexcept;
// What a node may let pass while it is on its own.
[[nodiscard]] Rate share_of(const Rate& rate, std::uint32_t nodes) noexcept;

class Lease {
public:
    static constexpr std::int64_t kPatienceNs = 250'000'000;
    static constexpr std::int64_t kSoonNs = 50'000'000;     // what is told while an answer is on its way
    static constexpr std::int64_t kBetweenNs = 20'000'000;  // questions, when the store gave less than asked
    static constexpr std::int64_t kAfterFailureNs = 1'000'000'000;

    Lease(const Rate& rate, const Moment& moment) noexcept;

    // How long until `cost` tokens may be there; 0: take() may follow.
    [[nodiscard]] std::int64_t wait_ns(const Rate& rate, std::int64_t cost,
                                       const Moment& moment) const noexcept;
    // Only when wait_ns() is 0. True: the local bucket gave them.
    bool take(const Rate& rate, std::int64_t cost, const Moment& moment) noexcept;

    // How many tokens the store is to be asked for now; 0: none. They count as asked for until one of
    // answered() and failed().
    [[nodiscard]] std::int64_t ask(const Rate& rate, const Moment& moment) noexcept;
    void answered(std::int64_t granted, std::int64_t wait_ns, std::int64_t now_ns) noexcept;
    void failed(std::int64_t now_ns) noexcept;

    // When to ask again though nobody takes: what was let pass on credit has to be paid for. 0: need not be.
    [[nodiscard]] std::int64_t pay_at_ns() const noexcept;
    // From then on it says no more than a new one would.
    [[nodiscard]] std::int64_t settled_at_ns() const noexcept;

private:
    [[nodiscard]] bool has(const Rate& rate, std::int64_t cost) const noexcept;
    [[nodiscard]] bool is_alone(const Moment& moment) const noexcept;

    Gcra local_;
    std::int64_t held_ = 0;
    std::int64_t credit_ = 0;  // of what was held, not paid for
    std::int64_t wanted_ = 0;  // of the question under way; 0: there is none
    std::int64_t asked_ns_ = 0;
    std::int64_t ask_from_ns_ = 0;
    std::int64_t settled_at_ns_ = 0;
};

}  // namespace ratelimit
