#include "redis/client/resolver.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace streamhost::redis {

void Resolver::ask(std::size_t sentinels, std::int64_t now_ms) {
    is_open_ = true;
    until_ms_ = now_ms + answer_ms_;
    missing_ = sentinels;
    answers_.assign(sentinels, std::nullopt);
}

void Resolver::answer(std::size_t sentinel, SentinelAnswer answer) {
    if (!is_open_ || sentinel >= answers_.size() || answers_[sentinel]) return;
    answers_[sentinel] = std::move(answer);
    --missing_;
}

std::optional<Verdict> Resolver::take_verdict(std::int64_t now_ms) {
    if (!is_open_ || (missing_ > 0 && now_ms < until_ms_)) return std::nullopt;
    is_open_ = false;
    return decide();
}

void Resolver::confirm(const Verdict& verdict) noexcept {
    epoch_ = std::max(epoch_, verdict.config_epoch);
    rejected_.reset();
}

// One per address, with its highest epoch; the best first.
std::vector<Verdict> Resolver::candidates() const {
    std::vector<Verdict> found;
    std::uint32_t answers = 0;
    for (const auto& answer : answers_) {
        if (!answer || answer->kind != SentinelAnswer::Kind::kMaster) continue;
        ++answers;
        auto at = std::find_if(found.begin(), found.end(),
                               [&](const Verdict& other) { return other.master == answer->master; });
        if (at == found.end())
            at = found.insert(found.end(), {.kind = Verdict::Kind::kMaster, .master = answer->master});
        ++at->votes;
        if (answer->config_epoch >= at->config_epoch) {
            at->config_epoch = answer->config_epoch;
            at->is_down = answer->is_down;
        }
    }
    std::stable_sort(found.begin(), found.end(), [](const Verdict& left, const Verdict& right) {
        return std::tie(left.config_epoch, left.votes) > std::tie(right.config_epoch, right.votes);
    });
    for (Verdict& verdict : found)
        verdict.answers = answers;
    return found;
}

Verdict Resolver::without_master() const {
    Verdict verdict;
    for (const auto& answer : answers_) {
        if (!answer) continue;
        if (answer->kind == SentinelAnswer::Kind::kUnknownName) {
            verdict.kind = Verdict::Kind::kUnknownName;
        } else if (answer->kind == SentinelAnswer::Kind::kRefused &&
                   verdict.kind == Verdict::Kind::kNoSentinel) {
            verdict.kind = Verdict::Kind::kRefused;
        }
        if (verdict.detail.empty()) verdict.detail = answer->detail;
    }
    return verdict;
}

Verdict Resolver::decide() const {
    std::vector<Verdict> found = candidates();
    if (found.empty()) return without_master();
    if (found.front().config_epoch < epoch_) {
        found.front().kind = Verdict::Kind::kStale;
        return found.front();
    }
    const auto has_majority = [](const Verdict& verdict) { return verdict.votes * 2 > verdict.answers; };
    if (rejected_ == found.front().master && !has_majority(found.front())) {
        for (const Verdict& other : found)
            if (other.config_epoch >= epoch_ && has_majority(other)) return other;
    }
    return found.front();
}

}  // namespace streamhost::redis
