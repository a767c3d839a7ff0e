// The problem: live records may come twice, late, or not at all, and after a failover they may contradict
// what readers were shown. A follower turns that into one sequence without holes: next and chained is
// delivered, old is dropped, anything else is read from the log.
//
// One stream on one node. No I/O and no clock: events go in, what to do comes out. Not thread-safe. [store]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "streamhost/abi/record.h"
#include "streamhost/bytes.hpp"

namespace pubsub {

// A page of the log, as the store answered it.
struct Page {
    std::uint64_t before_check = 0;  // check of the entry before `from`
    std::span<const sh_record> records;
    sh_position head{};  // of the stream
    bool more = false;
    bool is_known = true;  // the store has the stream
};

// What to do now, in this order.
struct Step {
    std::span<const sh_record>
        deliver;             // views into the input, or into the follower until its next call but position()
    bool is_behind = false;  // the store has less than readers do: retry() until the patience is over
    bool diverged = false;   // readers hold something else than the store: the log starts anew at position()
    bool caught_up = false;  // position() is the store's head: whoever waits for the stream can be answered
    std::optional<std::uint64_t> read_from;  // ask the log for a page from here
};

// A master that was lost takes acknowledged entries along, and whoever keeps them writes them again within
// seconds: until then less is no other truth.
enum class Patience : std::uint8_t { kWaits = 1, kIsOver };

class Follower {
public:
    // Live records that may wait while the log is read; over it they are dropped and read again, for the log
    // has them too.
    static constexpr std::size_t kMaxHeld = 1'024;

    // The channel is subscribed and the log was asked where it stands: the node's view starts there.
    // `is_known`: the store has the stream; a run that was accepted is known before its first entry.
    [[nodiscard]] Step opened(sh_position head, bool is_known = true);
    [[nodiscard]] Step live(std::span<const sh_record> records);
    [[nodiscard]] Step page(const Page& page, Patience patience);
    // The page could not be read; asked again by retry().
    void page_failed() noexcept { phase_ = Phase::kBroken; }
    [[nodiscard]] Step retry();
    // Takes what arrived while the log was read; due after opened() and page() while wants_release().
    [[nodiscard]] Step release();
    [[nodiscard]] bool wants_release() const noexcept { return phase_ == Phase::kLive && has_held(); }
    // The tail check: where the store stands, asked when it was silent or after a new link. Finds a lost last
    // record, and a stream that is gone.
    [[nodiscard]] Step tail(sh_position head, bool is_known = true);

    [[nodiscard]] sh_position position() const noexcept { return position_; }
    [[nodiscard]] bool is_open() const noexcept { return phase_ != Phase::kOpening; }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    // Readers were shown a stream, and have not been told since that there is none.
    [[nodiscard]] bool is_known() const noexcept { return is_known_; }
    [[nodiscard]] bool is_broken() const noexcept { return phase_ == Phase::kBroken; }
    [[nodiscard]] bool is_reading() const noexcept { return phase_ == Phase::kReading; }

private:
    enum class Phase { kOpening = 1, kLive, kReading, kBroken };

    // What only a stream needs that is behind, or was until its next record: few are.
    struct Aside {
        std::vector<streamhost::OwnedRecord> held;
        std::size_t held_before_read = 0;  // the first so many of them: they arrived before the log was asked
        bool overflowed = false;
        std::vector<streamhost::OwnedRecord> released;
        std::vector<sh_record> views;  // of those
    };

    [[nodiscard]] bool has_held() const noexcept {
        return aside_ != nullptr && (!aside_->held.empty() || aside_->overflowed);
    }
    Step take(std::span<const sh_record> records);
    void hold(std::span<const sh_record> records);
    void forget_disproved(std::uint64_t head_seq);
    Step start_reading();

    Phase phase_ = Phase::kOpening;
    sh_position position_{};
    bool ended_ = false;
    bool is_known_ = false;
    std::unique_ptr<Aside> aside_;
};

}  // namespace pubsub
