#include <algorithm>
#include <utility>

#include "redis/driver/streams.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

constexpr std::int64_t kAgainMs = 100;

}  // namespace

// The port does not send a claim a second time, for the next connection may be one to another master. Here it
// is the same claim, which is recognised, once it is settled who answers.
bool RedisStreams::may_ask_again(const Kept& kept, Status status) const {
    const bool is_transient = status == Status::kTimeout || status == Status::kUnavailable;
    return kept.only_once && is_transient && context_.loop().now_ms() + kAgainMs < kept.until_ms;
}

// Until it is settled who produces what, or its time is over.
Submit RedisStreams::hold(const std::shared_ptr<Kept>& kept) {
    if (const Submit slot = context_.admit(); slot != Submit::kAccepted) return slot;
    const std::int64_t now_ms = context_.loop().now_ms();
    kept->not_before_ms = is_settled() ? now_ms + kAgainMs : now_ms;
    held_.push_back(kept);
    if (held_.size() == 1) plan_held();
    return Submit::kAccepted;
}

void RedisStreams::plan_held() {
    std::int64_t at_ms = INT64_MAX;
    for (const auto& kept : held_)
        at_ms = std::min({at_ms, kept->until_ms, std::max(settled_ms_, kept->not_before_ms)});
    context_.at(at_ms, [this] { look_at_held(); });
}

void RedisStreams::look_at_held() {
    const std::int64_t now_ms = context_.loop().now_ms();
    for (const auto& kept : std::exchange(held_, {})) {
        if (now_ms >= kept->until_ms) {
            context_.answer_later(Status::kUnavailable, std::move(kept->done));
        } else if (is_settled() && now_ms >= kept->not_before_ms) {
            context_.release();
            repeat(kept);
        } else {
            held_.push_back(kept);
        }
    }
    if (!held_.empty()) plan_held();
}

void RedisStreams::end_waits() {
    repair_.close();
    for (const auto& kept : std::exchange(held_, {}))
        context_.answer_later(Status::kGone, std::move(kept->done));
}

void RedisStreams::show_unsettled(std::span<store::StreamItem> items) const {
    const std::int64_t rest_ms = std::min(settled_ms_ - context_.loop().now_ms(), settle_ms_);
    for (store::StreamItem& item : items) {
        const bool may_be_produced = item.status == Status::kOk && item.info.mode == store::Mode::kOwned &&
                                     item.info.state == store::State::kOpen;
        if (may_be_produced) item.info.left_ms = std::max(item.info.left_ms, rest_ms);
    }
}

}  // namespace streamhost::redis
