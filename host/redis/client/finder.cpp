#include "redis/client/finder.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::redis {

Finder::Finder(runtime::Loop& loop, const ClientOptions& options, FinderEvents& events)
    : loop_(loop),
      options_(options),
      events_(events),
      lookup_(loop, options.lookup),
      resolver_(options.sentinel ? options.sentinel->answer_ms : 0) {
    if (!options.sentinel) return;
    if (options.sentinel->tls) tls_.emplace(*options.sentinel->tls);
    for (const Address& seed : options.sentinel->addresses)
        add(seed);
}

void Finder::add(const Address& address) {
    ConnectionOptions connection;
    connection.link.username = options_.sentinel->username;
    connection.link.password = options_.sentinel->password;
    connection.link.client_name = options_.client_name;
    connection.link.wants_master = false;
    connection.link.greeting_ms = options_.connect_ms;
    connection.link.max_commands = 100;
    connection.connect_ms = options_.connect_ms;
    connection.answer_ms = options_.answer_ms;
    connection.whole_ms = options_.whole_ms;
    connection.ping_ms = options_.ping_ms;
    connection.tls = tls_ ? &*tls_ : nullptr;
    auto watch = std::make_unique<SentinelWatch>(loop_, lookup_, std::move(connection), address,
                                                 options_.sentinel->master);
    watch->on_switch = [this] { ask_again_ = true; };
    watches_.push_back(std::move(watch));
}

void Finder::seek(std::int64_t now_ms) {
    is_sought_ = true;
    if (options_.sentinel) {
        if (!resolver_.is_open()) ask(now_ms);
        return;
    }
    Verdict verdict;
    verdict.kind = Verdict::Kind::kMaster;
    verdict.master = options_.address;
    look_up(verdict);
}

void Finder::ask(std::int64_t now_ms) {
    ask_again_ = false;
    asked_ms_ = now_ms;
    adopt_sentinels();
    resolver_.ask(watches_.size(), now_ms);
    const bool refreshes = ++asks_ % kAsksPerRefresh == 0;
    for (std::size_t index = 0; index < watches_.size(); ++index) {
        watches_[index]->ask([this, index](SentinelAnswer answer) {
            resolver_.answer(index, std::move(answer));
            settle(static_cast<std::int64_t>(loop_.now_ms()));
        });
        if (refreshes) watches_[index]->refresh();
    }
}

bool Finder::is_named(const Address& address) const {
    const auto& seeds = options_.sentinel->addresses;
    if (std::find(seeds.begin(), seeds.end(), address) != seeds.end()) return true;
    return std::any_of(watches_.begin(), watches_.end(), [&](const auto& watch) {
        const auto& others = watch->others();
        return std::any_of(others.begin(), others.end(),
                           [&](const Address& other) { return mapped(other) == address; });
    });
}

// Those that others name join; those that nobody names any more leave when they are gone. Seeds stay.
void Finder::adopt_sentinels() {
    std::erase_if(watches_,
                  [&](const auto& watch) { return !watch->is_connected() && !is_named(watch->address()); });
    std::vector<Address> named;
    for (const auto& watch : watches_)
        for (const Address& other : watch->others())
            named.push_back(mapped(other));
    for (const Address& address : named) {
        const bool is_known = std::any_of(watches_.begin(), watches_.end(),
                                          [&](const auto& watch) { return watch->address() == address; });
        if (!is_known && watches_.size() < kMostSentinels) add(address);
    }
}

void Finder::tick(std::int64_t now_ms, double random, bool is_lost) {
    if (now_ms >= lookup_until_ms_) {
        ++lookup_id_;
        lookup_until_ms_ = INT64_MAX;
        not_found(NotFound::kUnknownHost, "the name server does not answer");
    }
    if (!options_.sentinel) return;
    for (const auto& watch : watches_)
        watch->tick(now_ms);
    settle(now_ms);
    const std::uint32_t poll_ms = options_.sentinel->poll_ms;
    const double period_ms = jitter_ * (is_lost ? std::min(poll_ms, kLostPollMs) : poll_ms);
    const bool is_due = static_cast<double>(now_ms - asked_ms_) >= period_ms;
    if (resolver_.is_open() || (!is_due && !ask_again_)) return;
    jitter_ = 1 + random / 2;
    ask(now_ms);
}

void Finder::settle(std::int64_t now_ms) {
    if (const auto verdict = resolver_.take_verdict(now_ms)) take(*verdict);
}

void Finder::take(const Verdict& verdict) {
    switch (verdict.kind) {
    case Verdict::Kind::kMaster: return look_up(verdict);
    case Verdict::Kind::kNoSentinel:
        return not_found(NotFound::kNoSentinel,
                         "no Sentinel answers: " + (verdict.detail.empty() ? seeds() : verdict.detail));
    case Verdict::Kind::kRefused:
        return not_found(NotFound::kRefused,
                         "the Sentinels refuse the user or the password: " + verdict.detail);
    case Verdict::Kind::kUnknownName:
        return not_found(NotFound::kUnknownName,
                         "the Sentinels watch no master named '" + options_.sentinel->master + "'");
    case Verdict::Kind::kStale:
        return not_found(NotFound::kStale, "the Sentinels name " + to_text(verdict.master) +
                                               " with config epoch " + std::to_string(verdict.config_epoch) +
                                               ", but a master of epoch " +
                                               std::to_string(resolver_.epoch()) + " was seen");
    }
}

void Finder::look_up(const Verdict& verdict) {
    Found next{verdict, mapped(verdict.master), {}};
    if (!is_sought_ && last_ && last_->address == next.address) {
        next.endpoints = last_->endpoints;
        return found(std::move(next));
    }
    const std::uint64_t id = ++lookup_id_;
    lookup_until_ms_ = static_cast<std::int64_t>(loop_.now_ms()) + kLookupMs;
    const Address address = next.address;
    lookup_.find(address, [this, id, next](Endpoints endpoints) mutable {
        if (id != lookup_id_) return;
        lookup_until_ms_ = INT64_MAX;
        if (endpoints.empty())
            return not_found(NotFound::kUnknownHost, "the name '" + next.address.host + "' is unknown");
        next.endpoints = std::move(endpoints);
        found(std::move(next));
    });
}

void Finder::found(Found found) {
    last_ = found;
    const bool was_sought = std::exchange(is_sought_, false);
    events_.on_found(found, was_sought);
}

void Finder::not_found(NotFound why, std::string_view text) {
    events_.on_not_found(why, text, std::exchange(is_sought_, false));
}

std::string Finder::seeds() const {
    std::string text;
    for (const Address& seed : options_.sentinel->addresses)
        text += (text.empty() ? "" : ", ") + to_text(seed);
    return text;
}

Address Finder::mapped(const Address& address) const {
    const auto at = options_.address_map.find(address);
    return at == options_.address_map.end() ? address : at->second;
}

void Finder::close() noexcept {
    is_sought_ = false;
    ++lookup_id_;
    for (const auto& watch : watches_)  // one of them may be further up the stack
        watch->close();
}

}  // namespace streamhost::redis
