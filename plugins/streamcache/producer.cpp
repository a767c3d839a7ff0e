#include "producer.hpp"

#include <algorithm>

namespace streamcache {

using streamhost::end_state_of;
using streamhost::view;

namespace {

bool is_transient(sh_status status) {
    return status == SH_TIMEOUT || status == SH_UNAVAILABLE || status == SH_BUSY || status == SH_GONE;
}

}  // namespace

Producer::Producer(Chain chain, std::uint64_t fence, sh_position head, ProducerOptions options)
    : chain_(chain), fence_(fence), head_(head), options_(options) {}

sh_status Producer::write(const sh_item* items, std::uint32_t count, sh_ticket ticket) {
    if (over_ != SH_OK) return over_;
    if (end_queued_) return SH_ENDED;
    if (count == 0) return SH_INVALID;
    std::size_t size = 0;
    for (std::uint32_t index = 0; index < count; ++index)
        size += static_cast<std::size_t>(items[index].data.size);
    // One write always fits into an empty buffer: else it could never be taken.
    const bool full = waiting_bytes_ + size > options_.max_waiting_bytes ||
                      waiting_.size() + count > options_.max_waiting_items;
    if (full && !waiting_.empty()) return SH_BUSY;
    for (std::uint32_t index = 0; index < count; ++index)
        waiting_.push_back(
            {items[index].type, std::string(view(items[index].data)), index + 1 == count ? ticket : 0});
    waiting_bytes_ += size;
    return SH_OK;
}

sh_status Producer::end(std::string_view data, sh_ticket ticket) {
    if (over_ != SH_OK) return over_;
    if (end_queued_) return SH_ENDED;
    if (end_state_of(data) == SH_STREAM_UNKNOWN) return SH_INVALID;
    waiting_.push_back({SH_RECORD_END, std::string(data), ticket});
    waiting_bytes_ += data.size();
    end_queued_ = true;
    return SH_OK;
}

void Producer::fill_batch() {
    sh_position last = head_;
    while (!waiting_.empty() && batch_.size() < options_.max_batch) {
        Waiting& item = waiting_.front();
        Flying flying;
        flying.ticket = item.ticket;
        flying.record.head.seq = last.seq + 1;
        flying.record.head.prev = last.check;
        flying.record.head.fence = fence_;
        flying.record.head.type = item.type;
        flying.record.head.check = chain_(last.check, item.type, streamhost::bytes(item.data));
        waiting_bytes_ -= item.data.size();
        flying.record.data = std::move(item.data);
        waiting_.pop_front();
        last = {flying.record.head.seq, flying.record.head.check};
        batch_.push_back(std::move(flying));
    }
}

std::optional<AppendCommand> Producer::next(std::int64_t now_ms) {
    if (over_ != SH_OK || in_flight_ || now_ms < retry_at_ms_) return std::nullopt;
    if (batch_.empty()) fill_batch();
    if (batch_.empty()) return std::nullopt;
    in_flight_ = true;
    touched_ms_ = now_ms;
    AppendCommand command;
    command.records.reserve(batch_.size());
    for (const Flying& flying : batch_)
        command.records.push_back(flying.record.record());
    const sh_record& last = command.records.back();
    if (last.type == SH_RECORD_END) command.end_state = end_state_of(view(last.data));
    return command;
}

std::vector<Answer> Producer::settle(sh_status status) {
    std::vector<Answer> answers;
    for (const Flying& flying : batch_) {
        if (flying.ticket == 0) continue;
        answers.push_back({flying.ticket, status, {flying.record.head.seq, flying.record.head.check}});
    }
    batch_.clear();
    return answers;
}

std::vector<Answer> Producer::appended(const sh_result& result, std::int64_t now_ms) {
    in_flight_ = false;
    if (is_transient(result.status)) {
        retry_ms_ = std::clamp(retry_ms_ * 2, options_.first_retry_ms, options_.last_retry_ms);
        retry_at_ms_ = now_ms + retry_ms_;
        return {};
    }
    if (result.status != SH_OK || batch_.empty())
        return fail(result.status == SH_OK ? SH_INTERNAL : result.status);
    retry_ms_ = 0;
    retry_at_ms_ = 0;
    head_ = {batch_.back().record.head.seq, batch_.back().record.head.check};
    const bool ended = batch_.back().record.head.type == SH_RECORD_END;
    std::vector<Answer> answers = settle(SH_OK);
    if (ended) over_ = SH_ENDED;
    return answers;
}

bool Producer::wants_renewal(std::int64_t now_ms) const {
    return over_ == SH_OK && !in_flight_ && now_ms - touched_ms_ >= options_.lease_ms / 3;
}

std::vector<Answer> Producer::renewed(sh_status status, std::int64_t now_ms) {
    if (status == SH_OK) touched_ms_ = now_ms;
    if (status == SH_OK || is_transient(status) || over_ != SH_OK) return {};
    return fail(status);
}

std::vector<Answer> Producer::fail(sh_status why) {
    if (over_ == SH_OK) over_ = why;
    std::vector<Answer> answers = settle(why);
    for (const Waiting& item : waiting_) {
        if (item.ticket != 0) answers.push_back({item.ticket, why, head_});
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    return answers;
}

std::optional<std::int64_t> Producer::retry_at() const {
    if (over_ != SH_OK || in_flight_ || batch_.empty()) return std::nullopt;
    return retry_at_ms_;
}

}  // namespace streamcache
