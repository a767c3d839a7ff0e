#include "redis/driver/keeper.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace streamhost::redis {

using store::Status;

namespace {

// The first one that is not before `number`.
auto at_number(auto& home, std::uint64_t number) {
    return std::lower_bound(home.begin(), home.end(), number,
                            [](const auto& kept, std::uint64_t wanted) { return kept.number < wanted; });
}

}  // namespace

void Keeper::acknowledged(std::string_view home, const Keep& keep, const Call& call,
                          const store::StreamInfo& info, std::int64_t now_ms) {
    const bool is_owned = keep.kind != Keep::Kind::kShared;
    if (keep.kind == Keep::Kind::kSign) {
        if (const auto owned = owned_.find(keep.id); owned != owned_.end())
            owned->second.seen = {now_ms, now_ms};
        return;
    }
    if (is_owned) {
        Owned& owned = owned_[keep.id];
        owned.seen = {now_ms, now_ms};
        owned.fence = std::max(owned.fence, info.fence);
        owned.head = std::max(owned.head, keep.last);
        owned.numbers.push_back(next_number_ + 1);
        owned.is_cut = false;
    }
    Home& kept = homes_.try_emplace(std::string(home)).first->second;
    const bool stands_for_all = keep.last > 0 && (is_owned || keep.is_behind_all);
    kept.push_back({call, keep.id, {now_ms, now_ms}, ++next_number_, keep.last, is_owned, stands_for_all});
    bytes_ += call.bytes();
    order_.push_back({std::string(home), next_number_});
    if (!is_owned) keep_shared(std::string(home), keep, now_ms);
    while (bytes_ > options_.max_bytes && !order_.empty())
        drop_oldest();
}

// A repeat whose key has left the stream's window of keys would be written a second time.
void Keeper::keep_shared(const std::string& home, const Keep& keep, std::int64_t now_ms) {
    Shared& shared = shared_[keep.id];
    shared.head = keep.last;
    shared.seen = {now_ms, now_ms};
    shared.numbers.push_back(next_number_);
    if (shared.numbers.size() <= options_.per_stream) return;
    erase({home, shared.numbers.front()});
    ++dropped_;
}

// What is left of an owned stream is its newest writes: a master that has the others can go on with them.
void Keeper::drop_oldest() {
    const Place& next = order_.front();
    const Kept* kept = find(next);
    if (kept != nullptr && kept->is_owned) {
        Owned& owned = owned_.at(kept->id);
        owned.is_cut = true;
        if (owned.numbers.front() != next.number) {
            erase({next.home, owned.numbers.front()});
            ++dropped_;
            return;
        }
    }
    const Place place = std::move(order_.front());
    order_.pop_front();
    if (kept == nullptr) return;
    erase(place);
    ++dropped_;
}

bool Keeper::is_over(const Kept& kept, std::int64_t now_ms) const {
    const Age& age = kept.is_owned ? owned_.at(kept.id).seen : kept.age;
    return now_ms - age.since_ms >= options_.window_ms;
}

void Keeper::was_away(std::int64_t from_ms, std::int64_t now_ms) {
    const auto skip = [&](Age& age) {
        if (now_ms - age.at_ms >= options_.most_ms) return;
        age.since_ms = std::min(now_ms, age.since_ms + now_ms - from_ms);
    };
    for (auto& [name, home] : homes_)
        for (Kept& kept : home)
            skip(kept.age);
    for (auto& [id, owned] : owned_)
        skip(owned.seen);
    for (auto& [id, shared] : shared_)
        skip(shared.seen);
}

void Keeper::sweep(std::int64_t now_ms, std::size_t most) {
    for (std::size_t looks = std::min(most, order_.size()); looks > 0; --looks) {
        const Kept* kept = find(order_.front());
        if (kept != nullptr && now_ms - kept->age.since_ms < options_.window_ms) return;
        Place place = std::move(order_.front());
        order_.pop_front();
        if (kept == nullptr) continue;
        if (!is_over(*kept, now_ms)) {  // a stream that is still written
            order_.push_back(std::move(place));
            continue;
        }
        if (kept->is_owned)
            erase_stream(place.home, kept->id);
        else
            erase(place);
    }
}

const Keeper::Kept* Keeper::find(const Place& place) const {
    const auto home = homes_.find(place.home);
    if (home == homes_.end()) return nullptr;
    const auto kept = at_number(home->second, place.number);
    return kept != home->second.end() && kept->number == place.number ? &*kept : nullptr;
}

void Keeper::erase_stream(const std::string& home, const std::string& id) {
    const std::deque<std::uint64_t> numbers = owned_.at(id).numbers;
    for (const std::uint64_t number : numbers)
        erase({home, number});
}

// The oldest one of its stream, always.
void Keeper::erase(const Place& place) {
    const auto home = homes_.find(place.home);
    const auto kept = at_number(home->second, place.number);
    bytes_ -= kept->call.bytes();
    if (const auto owned = owned_.find(kept->id); kept->is_owned) {
        owned->second.numbers.pop_front();
        if (owned->second.numbers.empty()) owned_.erase(owned);
    } else if (const auto shared = shared_.find(kept->id); shared->second.numbers.size() > 1) {
        shared->second.numbers.pop_front();
    } else {
        shared_.erase(shared);
    }
    home->second.erase(kept);
    if (home->second.empty()) homes_.erase(home);
}

// Of an owned stream that is not known from its start nothing better is known than what the master says.
bool Keeper::knows_better(std::string_view id, Status answer, const store::StreamInfo& info,
                          std::int64_t now_ms) const {
    const auto owned = owned_.find(id);
    if (owned == owned_.end() || owned->second.is_cut) return false;
    if (now_ms - owned->second.seen.since_ms >= options_.window_ms) return false;
    switch (answer) {
    case Status::kNoStream: return true;
    case Status::kFenced: return info.fence < owned->second.fence;
    case Status::kGap: return info.head.seq < owned->second.head;
    default: return false;
    }
}

std::uint64_t Keeper::shared_head(std::string_view id, std::int64_t now_ms) const {
    const auto shared = shared_.find(id);
    if (shared == shared_.end() || now_ms - shared->second.seen.since_ms >= options_.window_ms) return 0;
    return shared->second.head;
}

std::vector<std::string> Keeper::homes() const {
    std::vector<std::string> names;
    names.reserve(homes_.size());
    for (const auto& [name, kept] : homes_)
        names.push_back(name);
    return names;
}

std::vector<Keeper::Numbered> Keeper::calls_of(std::string_view home, std::uint64_t after,
                                               std::size_t most) const {
    std::vector<Numbered> calls;
    const auto found = homes_.find(home);
    if (found == homes_.end()) return calls;
    for (auto at = at_number(found->second, after + 1); at != found->second.end() && calls.size() < most;
         ++at)
        calls.push_back({at->number, at->id, at->last, at->call});
    return calls;
}

std::vector<Keeper::Numbered> Keeper::newest_of(std::string_view home, std::size_t most) const {
    std::vector<Numbered> newest;
    const auto found = homes_.find(home);
    if (found == homes_.end()) return newest;
    std::set<std::string_view> seen;
    for (auto at = found->second.rbegin(); at != found->second.rend() && newest.size() < most; ++at) {
        if (!seen.insert(at->id).second || !at->stands_for_all) continue;
        newest.push_back(question(*at));
    }
    return newest;
}

std::optional<Keeper::Numbered> Keeper::newest_until(std::string_view home, std::string_view id,
                                                     std::uint64_t last) const {
    const auto found = homes_.find(home);
    if (found == homes_.end()) return std::nullopt;
    const auto is_it = [&](const Kept& kept) {
        return kept.id == id && kept.stands_for_all && kept.last <= last;
    };
    const auto at = std::find_if(found->second.rbegin(), found->second.rend(), is_it);
    return at == found->second.rend() ? std::nullopt : std::optional(question(*at));
}

Keeper::Numbered Keeper::question(const Kept& kept) {
    Numbered asked{kept.number, kept.id, kept.last, kept.call};
    asked.call.only_ask();
    return asked;
}

}  // namespace streamhost::redis
