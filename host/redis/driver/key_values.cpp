#include "redis/driver/key_values.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Buffer;
using store::Status;
using store::Submit;

namespace {

// How long the server knows that a command removed a key, for its repeat.
constexpr std::int64_t kRememberMs = 10'000;
// Of one listing of messages, so that its answer stays far below what a connection carries.
constexpr std::size_t kHistoryBytes = std::size_t{32} << 20;

std::string_view word_of(store::KeyIf condition) noexcept {
    switch (condition) {
    case store::KeyIf::kAlways: return "always";
    case store::KeyIf::kMissing: return "missing";
    case store::KeyIf::kEquals: return "equals";
    }
    return "always";
}

// `written`: the value after kOk.
ReplyDone key_reply(Context& context, std::string_view command, Buffer written, store::KeyDone done) {
    return [&context, command, written = std::move(written),
            done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        store::KeyResult result{.status = answer.status()};
        result.left_ms = std::max<std::int64_t>(0, answer.number());
        result.value = answer.left() > 0              ? Buffer::copy_of(answer.text())
                       : result.status == Status::kOk ? std::move(written)
                                                      : Buffer();
        done(result);
    };
}

ReplyDone get_reply(Context& context, store::KeyDone done) {
    return [&context, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, "key_get", reply);
        store::KeyResult result{.status = answer.status()};
        result.left_ms = std::max<std::int64_t>(0, answer.number());
        result.now_ms = answer.number();
        result.value = Buffer::copy_of(answer.text());
        done(result);
    };
}

ReplyDone rate_reply(Context& context, store::RateDone done) {
    return [&context, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, "rate_take", reply);
        store::RateResult result{.status = answer.status()};
        result.granted = static_cast<std::uint32_t>(answer.count());
        result.wait_ms = answer.number();
        done(result);
    };
}

ReplyDone history_reply(Context& context, std::string_view command, store::HistoryDone done) {
    return [&context, command, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        std::vector<store::HistoryItem> items(answer.left() / 2);
        // Newest first, so that what does not fit are the oldest.
        for (auto item = items.rbegin(); item != items.rend(); ++item) {
            item->id = answer.text();
            item->data = Buffer::copy_of(answer.text());
        }
        done({.status = answer.status(), .items = items});
    };
}

}  // namespace

Submit RedisKeyValues::key_get(const store::KeyGetRequest& request, store::KeyDone done) {
    const std::string key = context_.keys().value(request.key);
    return context_.run(
        check(request), {.order = key, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kKeyGet).key(key); }, get_reply(context_, std::move(done)));
}

Submit RedisKeyValues::key_set(const store::KeySetRequest& request, store::KeyDone done) {
    const std::string key = context_.keys().value(request.key);
    const Status shape = check(request);
    return context_.run(
        shape, {.order = key, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kKeySet)
                .key(key)
                .arg(request.value)
                .arg(request.ttl_ms)
                .arg(word_of(request.condition))
                .arg(request.expected)
                .arg(nonces_.next());
        },
        key_reply(context_, "key_set", shape == Status::kOk ? Buffer::copy_of(request.value) : Buffer(),
                  std::move(done)));
}

Submit RedisKeyValues::key_remove(const store::KeyRemoveRequest& request, store::KeyDone done) {
    const std::string key = context_.keys().value(request.key);
    return context_.run(
        check(request), {.order = key, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kKeyRemove)
                .key(key)
                .key(context_.keys().plain("key-removed:", nonces_.next()))
                .arg(word_of(request.condition))
                .arg(request.expected)
                .arg(kRememberMs);
        },
        key_reply(context_, "key_remove", {}, std::move(done)));
}

Submit RedisKeyValues::rate_take(const store::RateTakeRequest& request, store::RateDone done) {
    const std::string key = context_.keys().plain("rate:", request.key);
    return context_.run(
        check(request), {.order = key, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kRateTake)
                .key(key)
                .arg(request.interval_ns)
                .arg(request.burst)
                .arg(request.want)
                .arg(nonces_.next());
        },
        rate_reply(context_, std::move(done)));
}

// A home has no colon, so the two cannot meet those of another.
Call RedisKeyValues::history_call(const Script& script, std::string_view home) const {
    Call call(script);
    call.key(context_.keys().history(home)).key(context_.keys().history_data(home));
    return call;
}

Submit RedisKeyValues::history_push(const store::HistoryPushRequest& request, store::HistoryDone done) {
    return context_.run(
        check(request), {.order = request.home, .timeout_ms = request.timeout_ms},
        [&] {
            return history_call(lua::kHistoryPush, request.home)
                .arg(request.id)
                .arg(request.data)
                .arg(context_.limits().history_messages)
                .arg(context_.limits().history_ms);
        },
        history_reply(context_, "history_push", std::move(done)));
}

Submit RedisKeyValues::history_list(const store::HistoryListRequest& request, store::HistoryDone done) {
    return context_.run(
        check(request), {.order = request.home, .timeout_ms = request.timeout_ms},
        [&] { return history_call(lua::kHistoryList, request.home).arg(request.max).arg(kHistoryBytes); },
        history_reply(context_, "history_list", std::move(done)));
}

Submit RedisKeyValues::history_clear(const store::HistoryClearRequest& request, store::HistoryDone done) {
    return context_.run(
        check(request), {.order = request.home, .timeout_ms = request.timeout_ms},
        [&] { return history_call(lua::kHistoryClear, request.home); },
        history_reply(context_, "history_clear", std::move(done)));
}

}  // namespace streamhost::redis
