#include "redis/client/call_queue.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::redis {

namespace {

constexpr std::int64_t kOver = INT64_MIN;

}  // namespace

bool CallQueue::push(std::uint64_t order, std::string command, std::int64_t deadline_ms, CallDone done,
                     Repeat repeat) {
    if (size_ >= options_.max_calls || bytes_ + command.size() > options_.max_bytes) return false;
    ++size_;
    bytes_ += command.size();
    earliest_ms_ = std::min(earliest_ms_, deadline_ms);
    Call& call = calls_.emplace_back();
    call.order = order;
    call.command = std::move(command);
    call.deadline_ms = deadline_ms;
    call.done = std::move(done);
    call.is_for_one = repeat == Repeat::kForbidden;
    return true;
}

CallQueue::Call* CallQueue::find(std::uint64_t id) {
    if (id < first_id_ || id - first_id_ >= calls_.size()) return nullptr;
    Call& call = calls_[id - first_id_];
    return call.done ? &call : nullptr;
}

std::optional<CallQueue::Outgoing> CallQueue::next(std::int64_t now_ms) {
    if (now_ms < held_until_ms_) return std::nullopt;
    for (next_id_ = std::max(next_id_, first_id_); next_id_ - first_id_ < calls_.size(); ++next_id_) {
        const Call& call = calls_[next_id_ - first_id_];
        if (call.deadline_ms == kOver) continue;
        if (call.done && !call.is_sent) return Outgoing{next_id_, call.command, call.serial != 0};
    }
    return std::nullopt;
}

void CallQueue::sent(std::uint64_t id) {
    Call* call = find(id);
    if (call == nullptr) return;
    call->is_sent = true;
    call->serial = ++last_serial_;
}

void CallQueue::put_back(std::uint64_t id, Call& call) {
    call.is_sent = false;
    next_id_ = std::min(next_id_, id);
}

void CallQueue::expect_overtaking(std::uint64_t id, const Call& call) {
    Overtaking& overtaking = overtaking_.try_emplace(call.order, Overtaking{id, 0}).first->second;
    overtaking = {std::min(overtaking.id, id), last_serial_};
    overtaking_until_ = last_serial_;
}

bool CallQueue::has_overtaken(std::uint64_t id, const Call& call) {
    if (overtaking_.empty()) return false;
    if (call.serial > overtaking_until_) {
        overtaking_.clear();
        return false;
    }
    const auto at = overtaking_.find(call.order);
    return at != overtaking_.end() && id > at->second.id && call.serial <= at->second.serial;
}

CallDone CallQueue::answered(std::uint64_t id) {
    Call* call = find(id);
    if (call == nullptr) return {};
    if (has_overtaken(id, *call)) {
        call->may_have_effect = true;
        put_back(id, *call);
        expect_overtaking(id, *call);
        return {};
    }
    CallDone done = end(*call);
    drop_ended();
    return done;
}

CallDone CallQueue::refused(std::uint64_t id, std::int64_t until_ms) {
    held_until_ms_ = std::max(held_until_ms_, until_ms);
    Call* call = find(id);
    if (call == nullptr) return {};
    if (call->is_for_one) {
        CallDone done = end(*call);
        drop_ended();
        return done;
    }
    put_back(id, *call);
    expect_overtaking(id, *call);
    return {};
}

void CallQueue::lost(std::uint64_t id, bool may_have_effect) {
    Call* call = find(id);
    if (call == nullptr) return;
    call->may_have_effect |= may_have_effect;
    put_back(id, *call);
}

void CallQueue::disconnected() {
    for (Call& call : calls_) {
        if (!call.done || !call.is_for_one) continue;
        call.may_have_effect |= call.is_sent;
        call.deadline_ms = kOver;
        earliest_ms_ = kOver;
    }
}

CallDone CallQueue::end(Call& call) {
    --size_;
    bytes_ -= call.command.size();
    call.command = {};
    return std::exchange(call.done, {});
}

void CallQueue::drop_ended() {
    while (!calls_.empty() && !calls_.front().done) {
        calls_.pop_front();
        ++first_id_;
    }
}

template <typename Which>
std::vector<CallQueue::Ended> CallQueue::take(Which which) {
    std::vector<Ended> ended;
    earliest_ms_ = INT64_MAX;
    for (Call& call : calls_) {
        if (!call.done) continue;
        if (which(call)) {
            const bool is_known = !call.is_sent && !call.may_have_effect;
            ended.push_back({end(call), is_known ? CallEnd::kUnavailable : CallEnd::kTimeout});
        } else {
            earliest_ms_ = std::min(earliest_ms_, call.deadline_ms);
        }
    }
    drop_ended();
    return ended;
}

std::vector<CallQueue::Ended> CallQueue::expire(std::int64_t now_ms) {
    if (now_ms < earliest_ms_) return {};
    return take([now_ms](const Call& call) { return call.deadline_ms <= now_ms; });
}

std::vector<CallQueue::Ended> CallQueue::take_unsent() {
    return take([](const Call& call) { return !call.is_sent && !call.may_have_effect; });
}

std::vector<CallQueue::Ended> CallQueue::take_all() {
    std::vector<Ended> ended = take([](const Call&) { return true; });
    for (Ended& call : ended)
        call.end = CallEnd::kClosed;
    return ended;
}

}  // namespace streamhost::redis
