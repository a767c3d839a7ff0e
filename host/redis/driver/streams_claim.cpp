#include <algorithm>
#include <utility>

#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/streams.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

constexpr std::int64_t kAgainMs = 100;
constexpr std::int64_t kProofAgainMs = 500;
constexpr std::uint32_t kProofTimeoutMs = 2'000;

}  // namespace

// The port does not send these a second time, for the next connection may be one to another master. Here it
// is the same claim, which is recognised, once it is settled who answers; or the same finish, behind the
// repair.
bool RedisStreams::may_ask_again(const Kept& kept, Status status) const {
    return kept.only_once && is_passing(status) && context_.loop().now_ms() + kAgainMs < kept.until_ms;
}

// Until it is settled who produces what, a finish until there is a master; or until its time is over.
Submit RedisStreams::hold(const std::shared_ptr<Kept>& kept) {
    if (const Submit slot = context_.admit(); slot != Submit::kAccepted) return slot;
    kept->not_before_ms = context_.loop().now_ms() + kAgainMs;
    held_.push_back(kept);
    plan_held(look_at_ms(*kept));
    return Submit::kAccepted;
}

std::int64_t RedisStreams::look_at_ms(const Kept& kept) const {
    if (kept.is_finish && down_since_ms_) return kept.until_ms;
    const std::int64_t open_ms = kept.is_finish ? 0 : settled_ms_;
    return std::min(kept.until_ms, std::max(open_ms, kept.not_before_ms));
}

void RedisStreams::plan_held(std::int64_t at_ms) {
    if (at_ms >= planned_ms_) return;
    planned_ms_ = at_ms;
    context_.at(at_ms, [this, at_ms] {
        if (planned_ms_ != at_ms) return;
        planned_ms_ = INT64_MAX;
        look_at_held();
    });
}

void RedisStreams::look_at_held() {
    const std::int64_t now_ms = context_.loop().now_ms();
    for (const auto& kept : std::exchange(held_, {})) {
        if (now_ms >= kept->until_ms) {
            context_.answer_later(Status::kUnavailable, std::move(kept->done));
        } else if (now_ms >= look_at_ms(*kept)) {
            context_.release();
            run_held(kept);
        } else {
            held_.push_back(kept);
            plan_held(look_at_ms(*kept));
        }
    }
}

void RedisStreams::run_held(const std::shared_ptr<Kept>& kept) {
    if (kept->is_finish && repair_.is_under_way(kept->order)) return repeat_repaired(kept);
    repeat(kept);
}

void RedisStreams::end_waits() {
    repair_.close();
    for (const auto& kept : std::exchange(held_, {}))
        context_.answer_later(Status::kGone, std::move(kept->done));
}

void RedisStreams::unsettle() {
    ++unsettled_;
    settled_ms_ = INT64_MAX;
}

void RedisStreams::begin_to_settle() {
    unsettle();
    prove_write();
}

// A master that has no replicas yet refuses what other keepers send again, too: until it takes a first write
// their time does not pass.
void RedisStreams::prove_write() {
    Call call(lua::kProveWrite);
    call.key(context_.keys().plain("link:proof"));
    const auto again = [this, turn = unsettled_] {
        if (turn == unsettled_ && !context_.closed()) prove_write();
    };
    const auto heard = [this, turn = unsettled_, again](const Reply& reply) {
        if (turn != unsettled_) return;  // of an earlier master, or time
        const std::int64_t now_ms = context_.loop().now_ms();
        if (reply.status == Status::kOk) return settled_at(now_ms + settle_ms_);
        context_.at(now_ms + kProofAgainMs, again);
    };
    if (context_.send({{}, kProofTimeoutMs}, std::move(call), heard) == Submit::kAccepted) return;
    context_.at(context_.loop().now_ms() + kProofAgainMs, again);
}

void RedisStreams::settled_at(std::int64_t at_ms) {
    settled_ms_ = at_ms;
    for (const auto& kept : held_)
        plan_held(look_at_ms(*kept));
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
