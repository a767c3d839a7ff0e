// The problem: tokens arrive faster than a store answers, answers get lost, and order must survive both. So
// one append is in flight per stream and what arrives meanwhile is the next batch: that is the batching rule,
// and it keeps order over errors. A repeat after a lost answer carries the same records, which the store
// recognises by number and check.
//
// One producer of one owned stream. No I/O and no clock: time goes in, commands and answers come out. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "streamhost/abi/async.h"
#include "streamhost/service/streamcache_requests.hpp"

namespace streamcache {

using Chain = std::uint64_t (*)(std::uint64_t prev, std::uint32_t type, sh_bytes data);

struct ProducerOptions {
    std::size_t max_waiting_bytes = 1u << 20;  // over it write() answers SH_BUSY
    std::size_t max_waiting_items = 4'096;
    std::uint32_t max_batch = 256;      // entries of one append
    std::uint32_t lease_ms = 6'000;     // stored appends renew it, silence is renewed at a third of it
    std::uint32_t first_retry_ms = 20;  // doubled up to last_retry_ms
    std::uint32_t last_retry_ms = 500;  // writes go on within a second of a store that takes them again
};

// What the store is to do next. Views live until the next call on the producer.
struct AppendCommand {
    std::vector<sh_record> records;
    std::uint32_t end_state = SH_STREAM_OPEN;
};

// An answer to somebody who waits.
struct Answer {
    sh_ticket ticket = 0;
    sh_status status = SH_OK;
    sh_position last{};
};

class Producer {
public:
    Producer(Chain chain, std::uint64_t fence, sh_position head, ProducerOptions options);

    // SH_OK: taken. SH_BUSY: over the bound, nothing taken. SH_FENCED, SH_ENDED ...: why it is over.
    [[nodiscard]] sh_status write(const sh_item* items, std::uint32_t count, sh_ticket ticket);
    [[nodiscard]] sh_status end(std::string_view data, sh_ticket ticket);

    // The next append, if none is in flight and something waits. Each one is answered by appended().
    [[nodiscard]] std::optional<AppendCommand> next(std::int64_t now_ms);
    [[nodiscard]] std::vector<Answer> appended(const sh_result& result, std::int64_t now_ms);

    // The store took nothing for a third of the lease: there was nothing, or it refuses appends, for want of
    // memory perhaps, while a renewal still fits. renewed() answers each.
    [[nodiscard]] bool wants_renewal(std::int64_t now_ms) const;
    [[nodiscard]] std::vector<Answer> renewed(sh_status status, std::int64_t now_ms);

    // Takes nothing more and needs no renewal; what waits is still stored. SH_BUSY: it leaves already.
    [[nodiscard]] sh_status leave(sh_ticket ticket) noexcept;
    // The ticket of leave(), once: nothing waits or is in flight any more.
    [[nodiscard]] std::optional<sh_ticket> left() noexcept;

    // Gives up: everybody who waits is answered with `why`.
    [[nodiscard]] std::vector<Answer> fail(sh_status why);

    [[nodiscard]] std::uint64_t fence() const noexcept { return fence_; }
    [[nodiscard]] bool is_over() const noexcept { return over_ != SH_OK; }
    // When next() has something again after a failed append; nothing: as soon as something is written.
    [[nodiscard]] std::optional<std::int64_t> retry_at() const;
    // Written, and not acknowledged by the store.
    [[nodiscard]] bool has_unacknowledged() const noexcept { return !entries_.empty(); }
    // For readers who may go on while the store is away (policy live): what was written and was not given out
    // here before, with the time of day as theirs. Nothing while the store answers; never the end, for only
    // the store knows which one it is.
    [[nodiscard]] std::vector<sh_record> preview(std::int64_t wall_ms);
    [[nodiscard]] std::uint32_t lease_ms() const noexcept { return options_.lease_ms; }

private:
    struct Entry {
        streamhost::OwnedRecord record;
        sh_ticket ticket = 0;  // of the write whose last item this is
    };

    void add(std::uint32_t type, std::string_view data, sh_ticket ticket);
    void start_batch();
    std::vector<Answer> settle();

    Chain chain_;
    std::uint64_t fence_;
    sh_position head_;  // of what the store acknowledged
    ProducerOptions options_;
    std::deque<Entry> entries_;        // numbered from head_ on
    std::size_t batch_ = 0;            // the first so many are in flight, or to be repeated
    std::size_t waiting_bytes_ = 0;    // of the others
    std::uint64_t previewed_seq_ = 0;  // up to here
    bool in_flight_ = false;
    bool is_away_ = false;  // the store refused an append, and has taken none since
    bool end_queued_ = false;
    bool leaves_ = false;
    std::optional<sh_ticket> leaver_;  // until it has left
    sh_status over_ = SH_OK;           // SH_ENDED after our own end
    std::uint32_t retry_ms_ = 0;
    std::int64_t retry_at_ms_ = 0;
    std::int64_t sent_ms_ = -1;     // the last append
    std::int64_t touched_ms_ = -1;  // the lease, by an append or a renewal that the store took
};

}  // namespace streamcache
