#include "lease.hpp"

#include <algorithm>
#include <limits>

namespace ratelimit {

namespace {

constexpr std::int64_t kQuarterSecondNs = 250'000'000;

}  // namespace

std::int64_t batch_of(const Rate& rate) noexcept {
    const std::int64_t of_burst = (rate.burst + 3) / 4;
    return std::min(rate.burst, std::max(of_burst, kQuarterSecondNs / rate.interval_ns));
}

Rate share_of(const Rate& rate, std::uint32_t nodes) noexcept {
    const auto all = static_cast<std::int64_t>(std::max(nodes, 1U));
    Rate share;
    share.burst = std::max<std::int64_t>(1, rate.burst / all);
    share.interval_ns = std::min(rate.interval_ns * all, kMaxFillNs / share.burst);
    return share;
}

// Without a store there is no credit: the local bucket is enough.
Lease::Lease(const Rate& rate, const Moment& moment) noexcept
    : held_(moment.is_store_away ? 0 : batch_of(rate)), credit_(held_), settled_at_ns_(moment.now_ns) {}

// What costs more than a batch needs a whole one in hand, and leaves a debt.
bool Lease::has(const Rate& rate, std::int64_t cost) const noexcept {
    return held_ >= std::min(cost, batch_of(rate));
}

bool Lease::is_alone(const Moment& moment) const noexcept {
    return moment.is_store_away || (wanted_ > 0 && moment.now_ns - asked_ns_ >= kPatienceNs);
}

std::int64_t Lease::wait_ns(const Rate& rate, std::int64_t cost, const Moment& moment) const noexcept {
    if (has(rate, cost)) return 0;
    if (is_alone(moment)) {
        const Rate share = share_of(rate, moment.nodes);
        return local_.wait_ns(share, std::min(cost, share.burst), moment.now_ns);
    }
    if (wanted_ > 0 || ask_from_ns_ <= moment.now_ns) return kSoonNs;
    const std::int64_t missing = std::min(cost, batch_of(rate)) - held_;
    return std::max(ask_from_ns_ - moment.now_ns, missing * rate.interval_ns);
}

bool Lease::take(const Rate& rate, std::int64_t cost, const Moment& moment) noexcept {
    settled_at_ns_ = moment.now_ns + rate.whole_ns();
    if (has(rate, cost)) {
        held_ -= cost;
        return false;
    }
    const Rate share = share_of(rate, moment.nodes);
    local_.take(share, std::min(cost, share.burst), moment.now_ns);
    return true;
}

std::int64_t Lease::ask(const Rate& rate, const Moment& moment) noexcept {
    const std::int64_t batch = batch_of(rate);
    // A clock that went backwards must not keep it from asking.
    if (ask_from_ns_ - moment.now_ns > rate.whole_ns() + kAfterFailureNs) ask_from_ns_ = moment.now_ns;
    if (wanted_ > 0 || moment.is_store_away || moment.now_ns < ask_from_ns_) return 0;
    if (credit_ == 0 && held_ > batch / 2) return 0;
    wanted_ = std::clamp<std::int64_t>(batch - held_ + credit_, 0, kMaxBurst);
    asked_ns_ = moment.now_ns;
    return wanted_;
}

void Lease::answered(std::int64_t granted, std::int64_t wait_ns, std::int64_t now_ns) noexcept {
    if (wanted_ == 0) return;
    ask_from_ns_ = granted >= wanted_ ? now_ns : now_ns + std::max(wait_ns, kBetweenNs);
    wanted_ = 0;
    held_ += granted - credit_;
    credit_ = 0;
}

void Lease::failed(std::int64_t now_ns) noexcept {
    wanted_ = 0;
    ask_from_ns_ = now_ns + kAfterFailureNs;
}

std::int64_t Lease::pay_at_ns() const noexcept {
    return wanted_ == 0 && (held_ < 0 || credit_ > 0) ? std::max<std::int64_t>(ask_from_ns_, 1) : 0;
}

std::int64_t Lease::settled_at_ns() const noexcept {
    if (wanted_ > 0 || held_ < 0 || credit_ > 0) return std::numeric_limits<std::int64_t>::max();
    return std::max(settled_at_ns_, local_.full_at_ns());
}

}  // namespace ratelimit
