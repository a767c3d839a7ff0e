// One master at a time: what follows when it is found, proves itself, or is lost.
#include <algorithm>
#include <utility>

#include "redis/client/core.hpp"

namespace streamhost::redis {

void Client::Core::plan_round(std::int64_t now_ms) {
    bool is_down = false;
    each_slot([&](Slot& slot) { is_down |= slot.is_down(); });
    if (!is_down || finder_.is_seeking()) return;
    if (retry_at_ms_ == 0) retry_at_ms_ = now_ms + backoff_.next_ms(random());
    if (!breaker_.is_closed()) retry_at_ms_ = std::max(retry_at_ms_, breaker_.probe_at_ms());
    if (now_ms < retry_at_ms_) return;
    retry_at_ms_ = 0;
    is_round_open_ = true;
    breaker_.tried();
    finder_.seek(now_ms);
}

// One failure per round. Behind Sentinels attempts fail until they have chosen another master, so that only
// time opens the breaker there.
void Client::Core::fail_round() {
    if (!std::exchange(is_round_open_, false)) return;
    if (options_.sentinel && breaker_.is_closed()) return;
    const BreakerState before = breaker_.state();
    breaker_.failed(now(), random());
    tell_breaker(before);
}

void Client::Core::watch_breaker(std::int64_t now_ms) {
    std::int64_t heard = heard_ms_;
    bool is_steady = live_.is_ready();
    each_slot([&](const Slot& slot) {
        if (slot.is_ready()) heard = std::max(heard, slot.heard_ms());
        is_steady = is_steady && slot.is_ready() && now_ms - slot.ready_since_ms() >= kSteadyMs;
    });
    const BreakerState before = breaker_.state();
    if (heard > std::exchange(heard_ms_, heard)) breaker_.heard(heard);
    breaker_.tick(now_ms, random());
    tell_breaker(before);
    if (is_steady) reporter_.forget("link");
}

void Client::Core::tell_breaker(BreakerState before) {
    const bool was_closed = before == BreakerState::kClosed;
    if (was_closed == breaker_.is_closed()) return;
    if (!was_closed) return reporter_.say(ReportLevel::kInfo, "the master answers, calls pass again");
    reporter_.say(ReportLevel::kWarning, "no master: calls are refused until one answers");
    for (const auto& slot : data_)
        slot->refuse_unsent();
}

// A master that answers is not left for a minority's word that is no newer.
bool Client::Core::is_doubtful(const Found& found) const {
    const Verdict& verdict = found.verdict;
    return ready() > 0 && verdict.config_epoch <= finder_.config_epoch() &&
           verdict.votes * 2 <= verdict.answers;
}

void Client::Core::on_found(const Found& found, bool was_sought) {
    if (reporter_.forget("find") && options_.sentinel)
        reporter_.say(ReportLevel::kInfo, "the Sentinels name the master " + to_text(found.address));
    const bool is_other = target_ && target_->address != found.address;
    if (is_other && is_doubtful(found)) return;
    if (is_other) {
        ++switches_;
        identity_ = {};
        reporter_.say(ReportLevel::kInfo, "the master is now " + to_text(found.address) + ", no longer " +
                                              to_text(target_->address));
        leave("there is another master");
    }
    target_ = found;
    if (ready() > 0) finder_.confirm(found);
    if (!was_sought && !is_other) return;
    is_round_open_ = true;
    retry_at_ms_ = 0;
    each_slot([&](Slot& slot) { slot.connect(target_->endpoints, target_->address.host); });
}

void Client::Core::on_not_found(NotFound why, std::string_view text, bool was_sought) {
    const bool is_ours = why == NotFound::kRefused || why == NotFound::kUnknownName;
    trouble_ = text;
    reporter_.tell(is_ours ? ReportLevel::kError : ReportLevel::kWarning,
                   "find " + std::to_string(static_cast<int>(why)), text);
    if (was_sought) fail_round();
}

void Client::Core::leave(std::string_view why) {
    each_slot([&](Slot& slot) { slot.close(LinkEnd::kByUs, why); });
}

// Another process, or the same with another history of data: whatever still hangs on the old one is of no
// use.
void Client::Core::on_identified(Slot& slot) {
    const Identity now_there = slot.identity();
    const auto is_another = [&](const Identity& other) {
        return !other.run_id.empty() && !now_there.run_id.empty() &&
               (other.run_id != now_there.run_id || other.replid != now_there.replid);
    };
    if (is_another(identity_)) {
        ++replaced_;
        reporter_.say(ReportLevel::kWarning, "another server answers at " + to_text(target_->address) +
                                                 " (run id " + now_there.run_id + ", replid " +
                                                 now_there.replid + ")");
        each_slot([&](Slot& other) {
            if (&other != &slot && is_another(other.identity()))
                other.close(LinkEnd::kByUs, "the master was replaced");
        });
    }
    if (!now_there.run_id.empty()) identity_ = now_there;
}

void Client::Core::on_ready(Slot& slot) {
    if (&slot != &live_) {
        const BreakerState before = breaker_.state();
        heard_ms_ = std::max(heard_ms_, now());
        breaker_.heard(heard_ms_);
        tell_breaker(before);
        is_round_open_ = false;
        finder_.confirm(*target_);
        if (!std::exchange(is_connected_, true)) tell_connected(slot);
    }
    link_up();
}

void Client::Core::on_lost(Slot& slot, LinkEnd why, std::string_view detail, std::int64_t ready_ms) {
    if (is_closed_) return;
    if (ready_ms >= 0) ++reconnects_by_[static_cast<std::size_t>(why)];
    if (ready_ms >= 0 && &slot == &live_) ++live_reconnects_;
    if (ready_ms >= kSteadyMs) backoff_.reset();
    if (&slot == &live_) link_down();
    if (ready() == 0) is_connected_ = false;
    if (why == LinkEnd::kByUs) return;
    tell_lost(why, detail);
    if (ready_ms >= 0 && why != LinkEnd::kNotMaster) return;
    if (why == LinkEnd::kNotMaster) leave("it is not the master any more");
    finder_.reject(*target_);
    fail_round();
}

void Client::Core::tell_connected(const Slot& slot) {
    std::string text = "connected to " + to_text(target_->address) + " (Redis " + slot.version();
    if (!identity_.run_id.empty()) text += ", run id " + identity_.run_id + ", replid " + identity_.replid;
    if (options_.sentinel) text += ", config epoch " + std::to_string(finder_.config_epoch());
    reporter_.say(ReportLevel::kInfo, text + ")");
}

void Client::Core::tell_lost(LinkEnd why, std::string_view detail) {
    const std::string where = to_text(target_->address);
    const std::string cause = "link " + std::to_string(static_cast<int>(why));
    if (why == LinkEnd::kNotMaster && !options_.sentinel) {
        trouble_ = where + " is a replica, not the master (" + std::string(detail) +
                   "): give the master's address, or the Sentinels that know it";
        return reporter_.tell(ReportLevel::kError, cause, trouble_);
    }
    const bool is_hung = why == LinkEnd::kByPeer || why == LinkEnd::kTimeout;
    const bool passes = is_hung || why == LinkEnd::kNotMaster || why == LinkEnd::kLoading;
    std::string text = where + ": " + std::string(describe(why));
    if (!detail.empty()) text += " (" + std::string(detail) + ")";
    if (is_hung && target_->verdict.is_down) text += ", and the Sentinels hold it for down";
    reporter_.tell(passes ? ReportLevel::kWarning : ReportLevel::kError, cause, text);
    trouble_ = std::move(text);
}

void Client::Core::on_trouble(ReportLevel level, std::string_view cause, std::string_view text) {
    reporter_.tell(level, cause, text);
}

void Client::Core::on_error(std::string_view error) {
    const Lack* lack = refusals_.refused(error, now());
    if (lack == nullptr) return;
    reporter_.say(lack->level, to_text(target_->address) + ": " + describe(*lack, error));
}

void Client::Core::watch_refusals(std::int64_t now_ms) {
    if (ready() == 0) return refusals_.unheard(now_ms);
    while (const Lack* lack = refusals_.over(now_ms))
        reporter_.say(ReportLevel::kInfo, to_text(target_->address) + ": " + std::string(lack->ends));
}

void Client::Core::link_up() {
    if (is_up_ || !live_.is_ready() || ready() == 0) return;
    is_up_ = true;
    trouble_.clear();
    ++epoch_;
    publish();  // who is told may look
    events_->on_link(store::Link::kUp, epoch_);
}

void Client::Core::link_down() {
    if (!std::exchange(is_up_, false)) return;
    publish();
    events_->on_link(store::Link::kDown, epoch_);
}

}  // namespace streamhost::redis
