#include "store/memory/keys.hpp"

#include <algorithm>
#include <utility>

#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::uint64_t key_bytes(std::string_view name, std::string_view value) noexcept {
    return 176 + name.size() + value.size();
}

std::uint64_t rate_bytes(std::string_view name) noexcept { return 128 + name.size(); }

std::uint64_t item_bytes(std::string_view id, std::string_view data) noexcept {
    return 128 + id.size() + data.size();
}

// A std::deque allocates its first block at once.
std::uint64_t history_bytes(std::string_view home) noexcept { return 800 + home.size(); }

HistoryAnswer answered(Status status) { return {{status, {}}, {}, {}}; }

}  // namespace

const HistoryResult& HistoryAnswer::view() {
    items.clear();
    for (const Kept& item : kept)
        items.push_back({item.id, item.data});
    result.items = items;
    return result;
}

MemoryKeys::Key* MemoryKeys::live_key(std::string_view name) {
    Key* key = keys_.find(name);
    if (!key || key->end_ms > core_.now()) return key;
    drop_key(name);
    return nullptr;
}

void MemoryKeys::drop_key(std::string_view name) {
    core_.account.remove(key_bytes(name, keys_.find(name)->value.view()));
    keys_.erase(name);
}

KeyAnswer MemoryKeys::shown(Status status, const Key& key) const {
    return {{status, key.value, key.end_ms - core_.now()}};
}

Submit MemoryKeys::key_get(const KeyGetRequest& request, KeyDone done) {
    return core_.run<KeyAnswer>(check(request), std::move(done), [&] {
        const Key* key = live_key(request.key);
        return key ? shown(Status::kOk, *key) : KeyAnswer{{Status::kNotFound, {}, 0}};
    });
}

Submit MemoryKeys::key_set(const KeySetRequest& request, KeyDone done) {
    return core_.run<KeyAnswer>(check(request), std::move(done), [&] { return set_now(request); });
}

KeyAnswer MemoryKeys::set_now(const KeySetRequest& request) {
    const Key* key = live_key(request.key);
    if (key && request.condition == KeyIf::kMissing) return shown(Status::kConflict, *key);
    if (request.condition == KeyIf::kEquals) {
        if (!key) return {{Status::kNotFound, {}, 0}};
        if (key->value.view() != request.expected) return shown(Status::kConflict, *key);
    }
    const std::uint64_t cost = key_bytes(request.key, request.value);
    if (!core_.account.fits(cost)) return {{Status::kExhausted, {}, 0}};
    if (key) drop_key(request.key);
    Key& fresh = keys_.at(request.key).second;
    fresh = {Buffer::copy_of(request.value), core_.now() + request.ttl_ms};
    core_.account.add(cost);
    return shown(Status::kOk, fresh);
}

Submit MemoryKeys::key_remove(const KeyRemoveRequest& request, KeyDone done) {
    return core_.run<KeyAnswer>(check(request), std::move(done), [&] { return remove_now(request); });
}

KeyAnswer MemoryKeys::remove_now(const KeyRemoveRequest& request) {
    const Key* key = live_key(request.key);
    if (!key) return {{Status::kNotFound, {}, 0}};
    if (request.condition == KeyIf::kEquals && key->value.view() != request.expected)
        return shown(Status::kConflict, *key);
    drop_key(request.key);
    return {{Status::kOk, {}, 0}};
}

Submit MemoryKeys::rate_take(const RateTakeRequest& request, RateDone done) {
    return core_.run<RateAnswer>(check(request), std::move(done), [&] { return take_now(request); });
}

void MemoryKeys::drop_rate(std::string_view name) {
    if (rates_.erase(name)) core_.account.remove(rate_bytes(name));
}

RateAnswer MemoryKeys::take_now(const RateTakeRequest& request) {
    if (request.want == 0) {
        drop_rate(request.key);
        return {{Status::kOk, 0, 0}};
    }
    const std::int64_t now = core_.now() * kNsPerMs;
    const std::int64_t whole = request.interval_ns * request.burst;
    Rate* rate = rates_.find(request.key);
    // A clock that was set back must not keep it empty for longer than it takes to fill.
    const std::int64_t missing = rate ? std::clamp<std::int64_t>(rate->full_ns - now, 0, whole) : 0;
    const std::int64_t granted =
        std::min<std::int64_t>(request.want, (whole - missing) / request.interval_ns);
    const std::int64_t after = missing + granted * request.interval_ns;
    const std::int64_t wait = granted == request.want ? 0 : after + request.interval_ns - whole;
    if (!rate) {
        if (!core_.account.fits(rate_bytes(request.key))) return {{Status::kExhausted, 0, 0}};
        rate = &rates_.at(request.key).second;
        core_.account.add(rate_bytes(request.key));
    }
    rate->full_ns = now + after;
    return {{Status::kOk, static_cast<std::uint32_t>(granted), (wait + kNsPerMs - 1) / kNsPerMs}};
}

MemoryKeys::History* MemoryKeys::live_history(std::string_view home) {
    History* history = histories_.find(home);
    if (!history || history->end_ms > core_.now()) return history;
    drop_history(home);
    return nullptr;
}

void MemoryKeys::drop_history(std::string_view home) {
    for (const auto& item : histories_.find(home)->items)
        core_.account.remove(item_bytes(item.id, item.data.view()));
    core_.account.remove(history_bytes(home));
    histories_.erase(home);
}

Submit MemoryKeys::history_push(const HistoryPushRequest& request, HistoryDone done) {
    return core_.run<HistoryAnswer>(check(request), std::move(done), [&] { return push_now(request); });
}

HistoryAnswer MemoryKeys::push_now(const HistoryPushRequest& request) {
    History* history = live_history(request.home);
    if (history && std::any_of(history->items.begin(), history->items.end(),
                               [&](const auto& item) { return item.id == request.id; }))
        return answered(Status::kDuplicate);
    const std::uint64_t cost = item_bytes(request.id, request.data);
    if (!core_.account.fits(cost + history_bytes(request.home))) return answered(Status::kExhausted);
    if (!history) {
        history = &histories_.at(request.home).second;
        core_.account.add(history_bytes(request.home));
    }
    history->end_ms = core_.now() + core_.limits().history_ms;
    history->items.push_back({std::string(request.id), Buffer::copy_of(request.data)});
    core_.account.add(cost);
    while (history->items.size() > core_.limits().history_messages) {
        const auto& oldest = history->items.front();
        core_.account.remove(item_bytes(oldest.id, oldest.data.view()));
        history->items.pop_front();
    }
    return answered(Status::kOk);
}

Submit MemoryKeys::history_list(const HistoryListRequest& request, HistoryDone done) {
    return core_.run<HistoryAnswer>(check(request), std::move(done), [&] { return list_now(request); });
}

HistoryAnswer MemoryKeys::list_now(const HistoryListRequest& request) {
    HistoryAnswer answer = answered(Status::kOk);
    if (const History* history = live_history(request.home)) {
        const std::size_t count = std::min<std::size_t>(request.max, history->items.size());
        answer.kept.assign(history->items.end() - static_cast<std::ptrdiff_t>(count), history->items.end());
    }
    return answer;
}

Submit MemoryKeys::history_clear(const HistoryClearRequest& request, HistoryDone done) {
    return core_.run<HistoryAnswer>(check(request), std::move(done), [&] {
        if (live_history(request.home)) drop_history(request.home);
        return answered(Status::kOk);
    });
}

void MemoryKeys::sweep(std::size_t items) {
    const std::int64_t now = core_.now();
    for (const std::string& name :
         keys_.sweep(items, [&](const std::string&, const Key& key) { return key.end_ms <= now; }))
        drop_key(name);
    for (const std::string& name : rates_.sweep(
             items, [&](const std::string&, const Rate& rate) { return rate.full_ns <= now * kNsPerMs; }))
        drop_rate(name);
    for (const std::string& home : histories_.sweep(
             items, [&](const std::string&, const History& history) { return history.end_ms <= now; }))
        drop_history(home);
}

}  // namespace streamhost::store::memory
