#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/driver/call.hpp"
#include "store/streams.hpp"

namespace streamhost::redis {

struct KeeperOptions {
    std::int64_t window_ms = 16'000;  // longer than a master that was replaced can go unnoticed
    std::int64_t most_ms = 300'000;   // since the acknowledgement, outages included: repeats are still known
    std::size_t max_bytes = std::size_t{64} << 20;  // of the commands
    std::size_t per_stream = 512;  // writes of one shared stream: within what its window of keys recalls
    // For so long after a master took its first write nobody is believed to be without a producer. Longer
    // than other nodes need to hear of the same change (a Sentinel's word, a poll each 2 s, a probe of the
    // breaker each 2 s) and to send again what they keep; shorter than a lease.
    std::int64_t settle_ms = 4'000;
    // Also when the link comes up for the first time: the master may be a new one, where servers change
    // roles.
    bool settles_at_start = false;
};

// What a write has to say of itself to be kept.
struct Keep {
    enum class Kind : std::uint8_t { kClaim = 1, kSign, kAppend, kEnd, kShared };
    Kind kind = Kind::kShared;
    std::string id;          // of the stream
    std::uint64_t last = 0;  // kAppend, kEnd, kShared: number of its last entry
    // kShared: all that was acknowledged here before it stands in front of it.
    bool is_behind_all = false;
};

// The problem: a master acknowledges a write and is lost, or was replaced seconds before anybody here heard
// of it. The new one never saw the write: nine of ten acknowledged in those seconds are gone, and no level of
// waiting for replicas prevents it.
//
// So every acknowledged write has a keeper, the node that got the answer. It keeps the command for a window;
// of an owned stream all of them for as long as it is written here and a window behind its last sign of life,
// and then none: a master that was told the beginning of a run alone would wait for an end that nobody knows.
// Commands are idempotent, so whenever the master may be another one those of each stream of which it has not
// all are sent again, in their order: what is there answers that it is there. Over the bound the oldest go
// first, counted.
//
// The guarantee: one node or one master lost within the window, not both. No I/O, no clock. [store]
class Keeper {
public:
    // Numbers rise with each write that is kept.
    struct Numbered {
        std::uint64_t number = 0;
        std::string id;          // of the stream
        std::uint64_t last = 0;  // as in Keep
        Call call;
    };

    explicit Keeper(KeeperOptions options) : options_(options) {}

    // `call` was acknowledged and would be sent again like this; for a sign of life alone it is not looked
    // at. `info` is what the answer said of an owned stream.
    void acknowledged(std::string_view home, const Keep& keep, const Call& call,
                      const store::StreamInfo& info, std::int64_t now_ms);
    // No master answered from `from_ms` to now: nobody could give a sign of life, and what comes back may be
    // empty. That time does not count, within most_ms.
    void was_away(std::int64_t from_ms, std::int64_t now_ms);
    // Lets go what is over, looking at `most` writes.
    void sweep(std::int64_t now_ms, std::size_t most);

    // Whether the master that answered so lacks what an earlier one acknowledged here.
    [[nodiscard]] bool knows_better(std::string_view id, store::Status answer, const store::StreamInfo& info,
                                    std::int64_t now_ms) const;
    // The newest entry of a shared stream that was acknowledged here within the window; 0: none. A master
    // that lacks it is to be told before anything else is written to the stream: the store numbers, and what
    // comes first there would stand in front of what was acknowledged before.
    [[nodiscard]] std::uint64_t shared_head(std::string_view id, std::int64_t now_ms) const;
    [[nodiscard]] std::vector<std::string> homes() const;
    // At most so many of those behind that number, in the order in which they were acknowledged.
    [[nodiscard]] std::vector<Numbered> calls_of(std::string_view home, std::uint64_t after,
                                                 std::size_t most) const;
    // Of at most so many streams the newest write, as the question whether it is there: then so is whatever
    // stands in front of it, since a check stands for all of the text. Only of those whose newest write has a
    // number that its producer gave, or is known to be behind all that was acknowledged here.
    [[nodiscard]] std::vector<Numbered> newest_of(std::string_view home, std::size_t most) const;
    // The same of one stream, of its newest write that ends at or before that entry.
    [[nodiscard]] std::optional<Numbered> newest_until(std::string_view home, std::string_view id,
                                                       std::uint64_t last) const;
    // Number of the last one that was kept, 0 before the first.
    [[nodiscard]] std::uint64_t newest() const noexcept { return next_number_; }

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    // Writes that went before their time, at the bound.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    struct Age {
        std::int64_t at_ms = 0;
        std::int64_t since_ms = 0;  // the same, later by the outages since then
    };
    struct Kept {
        Call call;
        std::string id;
        Age age;
        std::uint64_t number = 0;
        std::uint64_t last = 0;
        bool is_owned = false;
        bool stands_for_all = false;  // of its stream
    };
    struct Owned {
        std::uint64_t fence = 0;
        std::uint64_t head = 0;
        Age seen;                           // last sign of life
        std::deque<std::uint64_t> numbers;  // of its writes in homes_
        bool is_cut = false;  // the oldest of them went at the bound, and nothing was acknowledged since
    };
    struct Shared {
        std::uint64_t head = 0;
        Age seen;  // of its newest write
        std::deque<std::uint64_t>
            numbers;  // of its writes in homes_: they go in this order, and it with the last
    };
    using Home = std::deque<Kept>;  // by number
    using Homes = std::map<std::string, Home, std::less<>>;
    struct Place {
        std::string home;
        std::uint64_t number = 0;
    };

    [[nodiscard]] static Numbered question(const Kept& kept);
    void keep_shared(const std::string& home, const Keep& keep, std::int64_t now_ms);
    void drop_oldest();
    [[nodiscard]] bool is_over(const Kept& kept, std::int64_t now_ms) const;
    void erase_stream(const std::string& home, const std::string& id);
    [[nodiscard]] const Kept* find(const Place& place) const;
    void erase(const Place& place);

    KeeperOptions options_;
    Homes homes_;
    std::map<std::string, Owned, std::less<>> owned_;
    std::map<std::string, Shared, std::less<>> shared_;
    std::deque<Place> order_;  // of all that was kept, what is to be looked at next in front; some are gone
    std::uint64_t next_number_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace streamhost::redis
