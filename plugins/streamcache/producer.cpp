#include "producer.hpp"

#include <algorithm>
#include <utility>

namespace streamcache {

using streamhost::end_state_of;
using streamhost::is_transient;
using streamhost::view;

Producer::Producer(Chain chain, std::uint64_t fence, sh_position head, ProducerOptions options)
    : chain_(chain), fence_(fence), head_(head), options_(options) {}

// Numbered at once, so that a repeat is the same and a preview is what the store will have.
void Producer::add(std::uint32_t type, std::string_view data, sh_ticket ticket) {
    const sh_record* last = entries_.empty() ? nullptr : &entries_.back().record.head;
    const sh_position before = last == nullptr ? head_ : sh_position{last->seq, last->check};
    Entry& entry = entries_.emplace_back();
    entry.ticket = ticket;
    entry.record.head.seq = before.seq + 1;
    entry.record.head.prev = before.check;
    entry.record.head.check = chain_(before.check, type, streamhost::bytes(data));
    entry.record.head.fence = fence_;
    entry.record.head.type = type;
    entry.record.data = data;
    waiting_bytes_ += data.size();
}

sh_status Producer::write(const sh_item* items, std::uint32_t count, sh_ticket ticket) {
    if (over_ != SH_OK) return over_;
    if (leaves_) return SH_FENCED;
    if (end_queued_) return SH_ENDED;
    if (count == 0) return SH_INVALID;
    std::size_t size = 0;
    for (std::uint32_t index = 0; index < count; ++index)
        size += static_cast<std::size_t>(items[index].data.size);
    // One write always fits into an empty buffer: else it could never be taken.
    const std::size_t waiting = entries_.size() - batch_;
    const bool full =
        waiting_bytes_ + size > options_.max_waiting_bytes || waiting + count > options_.max_waiting_items;
    if (full && waiting > 0) return SH_BUSY;
    for (std::uint32_t index = 0; index < count; ++index)
        add(items[index].type, view(items[index].data), index + 1 == count ? ticket : 0);
    return SH_OK;
}

sh_status Producer::end(std::string_view data, sh_ticket ticket) {
    if (over_ != SH_OK) return over_;
    if (leaves_) return SH_FENCED;
    if (end_queued_) return SH_ENDED;
    if (end_state_of(data) == SH_STREAM_UNKNOWN) return SH_INVALID;
    add(SH_RECORD_END, data, ticket);
    end_queued_ = true;
    return SH_OK;
}

sh_status Producer::leave(sh_ticket ticket) noexcept {
    if (over_ != SH_OK) return over_;
    if (end_queued_) return SH_ENDED;
    if (leaves_) return SH_BUSY;
    leaves_ = true;
    leaver_ = ticket;
    return SH_OK;
}

std::optional<sh_ticket> Producer::left() noexcept {
    if (in_flight_ || !entries_.empty()) return std::nullopt;
    return std::exchange(leaver_, std::nullopt);
}

void Producer::start_batch() {
    batch_ = std::min<std::size_t>(entries_.size(), options_.max_batch);
    for (std::size_t index = 0; index < batch_; ++index)
        waiting_bytes_ -= entries_[index].record.data.size();
}

std::optional<AppendCommand> Producer::next(std::int64_t now_ms) {
    if (over_ != SH_OK || in_flight_ || now_ms < retry_at_ms_) return std::nullopt;
    if (batch_ == 0) start_batch();
    if (batch_ == 0) return std::nullopt;
    in_flight_ = true;
    sent_ms_ = now_ms;
    AppendCommand command;
    command.records.reserve(batch_);
    for (std::size_t index = 0; index < batch_; ++index)
        command.records.push_back(entries_[index].record.record());
    const sh_record& last = command.records.back();
    if (last.type == SH_RECORD_END) command.end_state = end_state_of(view(last.data));
    return command;
}

std::vector<sh_record> Producer::preview(std::int64_t wall_ms) {
    std::vector<sh_record> records;
    if (over_ != SH_OK || !is_away_) return records;
    const std::uint64_t known = std::max(previewed_seq_, head_.seq) - head_.seq;
    for (std::size_t index = static_cast<std::size_t>(known); index < entries_.size(); ++index) {
        streamhost::OwnedRecord& record = entries_[index].record;
        if (record.head.type == SH_RECORD_END) break;
        if (record.head.ts_ms == 0) record.head.ts_ms = wall_ms;
        previewed_seq_ = record.head.seq;
        records.push_back(record.record());
    }
    return records;
}

// The batch is stored.
std::vector<Answer> Producer::settle() {
    std::vector<Answer> answers;
    for (; batch_ > 0; --batch_) {
        const Entry& entry = entries_.front();
        head_ = {entry.record.head.seq, entry.record.head.check};
        if (entry.record.head.type == SH_RECORD_END) over_ = SH_ENDED;
        if (entry.ticket != 0) answers.push_back({entry.ticket, SH_OK, head_});
        entries_.pop_front();
    }
    return answers;
}

std::vector<Answer> Producer::appended(const sh_result& result, std::int64_t now_ms) {
    in_flight_ = false;
    if (result.status == SH_UNAVAILABLE) is_away_ = true;
    if (is_transient(result.status)) {
        retry_ms_ = std::clamp(retry_ms_ * 2, options_.first_retry_ms, options_.last_retry_ms);
        retry_at_ms_ = now_ms + retry_ms_;
        return {};
    }
    if (result.status != SH_OK || batch_ == 0)
        return fail(result.status == SH_OK ? SH_INTERNAL : result.status);
    is_away_ = false;
    touched_ms_ = sent_ms_;
    retry_ms_ = 0;
    retry_at_ms_ = 0;
    return settle();
}

bool Producer::wants_renewal(std::int64_t now_ms) const {
    return over_ == SH_OK && !leaves_ && !in_flight_ && now_ms - touched_ms_ >= options_.lease_ms / 3;
}

std::vector<Answer> Producer::renewed(sh_status status, std::int64_t now_ms) {
    if (status == SH_OK) touched_ms_ = now_ms;
    if (status == SH_OK || is_transient(status) || over_ != SH_OK) return {};
    // Perhaps by our own end, whose answer was lost or is on its way: that, or its repeat, tells.
    if (status == SH_ENDED && end_queued_ && batch_ == entries_.size()) return {};
    return fail(status);
}

std::vector<Answer> Producer::fail(sh_status why) {
    if (over_ == SH_OK) over_ = why;
    std::vector<Answer> answers;
    for (const Entry& entry : entries_) {
        if (entry.ticket != 0) answers.push_back({entry.ticket, why, head_});
    }
    if (leaver_) answers.push_back({*std::exchange(leaver_, std::nullopt), why, head_});
    entries_.clear();
    batch_ = 0;
    waiting_bytes_ = 0;
    return answers;
}

std::optional<std::int64_t> Producer::retry_at() const {
    if (over_ != SH_OK || in_flight_ || batch_ == 0) return std::nullopt;
    return retry_at_ms_;
}

}  // namespace streamcache
