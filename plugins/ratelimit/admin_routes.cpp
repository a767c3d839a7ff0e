#include "admin_routes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "streamhost/json_object.hpp"
#include "streamhost/percent.hpp"

#include "settings.hpp"

namespace ratelimit {

using streamhost::Failure;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::json_array;
using streamhost::JsonObject;

namespace {

constexpr const char* kAll = "/admin/v1/ratelimit";
constexpr const char* kOne = "/admin/v1/ratelimit/*";
constexpr std::string_view kPrefix = "/admin/v1/ratelimit/";
constexpr std::int64_t kNsPerMs = 1'000'000;

std::string verbs(std::uint32_t mask) {
    std::vector<std::string_view> words;
    for (std::size_t verb = 1; verb < kVerbs; ++verb)
        if ((mask >> verb & 1U) != 0) words.push_back(kVerbWords[verb]);
    return json_array(words);
}

std::string show_limit(const ActiveLimit& active) {
    const Limit& limit = active.limit;
    JsonObject out;
    out.text("by", word(limit.by))
        .json("verbs", verbs(limit.verbs))
        .text("rate", show_rate(limit.rate.interval_ns))
        .number("burst", limit.rate.burst)
        .text("scope", limit.scope == Scope::kGlobal ? "global" : "local");
    if (limit.scope == Scope::kGlobal) out.number("batch", batch_of(limit.rate));
    return out.done();
}

std::string show_throttled(const Throttled& one, const Prefixes& prefixes, std::int64_t now_ns) {
    const std::string key = one.by == By::kAddress ? show_address_key(one.key, prefixes) : one.key;
    const bool is_text = simdjson::validate_utf8(key.data(), key.size());
    return JsonObject()
        .text("by", word(one.by))
        .text("key", is_text ? std::string_view(key) : "(not UTF-8)")
        .number("refused", one.refused)
        .number("maybe_less", one.maybe_less)
        .number("last_ms", std::max<std::int64_t>(0, now_ns - one.last_ns) / kNsPerMs)
        .done();
}

std::string show_connections(const ConnectionLimits& limits, std::uint64_t count) {
    return JsonObject()
        .number("now", count)
        .number("per_address", limits.per_address)
        .number("per_user", limits.per_user)
        .number("node", limits.node)
        .done();
}

HttpResponse answer(std::string body) { return HttpResponse::json(200, std::move(body)).uncached(); }

}  // namespace

std::optional<Forgotten> forgotten_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    const std::size_t slash = path.find('/');
    const auto by = std::find(kByWords.begin(), kByWords.end(), path.substr(0, slash));
    if (slash == std::string_view::npos || by == kByWords.end()) return std::nullopt;
    auto key = streamhost::percent_decoded(path.substr(slash + 1));
    if (!key || key->empty()) return std::nullopt;
    return Forgotten{static_cast<By>(by - kByWords.begin()), std::move(*key)};
}

std::string show(const Limiter& limiter, const Moment& moment) {
    const auto rules = limiter.rules();
    const Settings& settings = rules->settings();
    const Buckets::Sizes sizes = limiter.buckets().sizes();
    const auto throttled = limiter.buckets().top(AdminRoutes::kShown);
    return JsonObject()
        .json("limits", json_array(rules->limits(), show_limit))
        .json("connections", show_connections(settings.connections, limiter.connections().count()))
        .number("buckets", sizes.buckets)
        .number("max_buckets", settings.max_buckets)
        .number("evictions", sizes.evictions)
        .boolean("store_away", moment.is_store_away)
        .number("nodes", moment.nodes)
        .json("throttled", json_array(throttled,
                                      [&](const Throttled& one) {
                                          return show_throttled(one, settings.prefixes, moment.now_ns);
                                      }))
        .done();
}

void AdminRoutes::add(streamhost::Host& host, Limiter& limiter, Now now, Ask ask) {
    now_ = std::move(now);
    ask_ = std::move(ask);
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kAll;
    routes_.add(host, route, [this, &limiter](const HttpRequest&) { return answer(show(limiter, now_())); });
    route.method = "DELETE";
    route.path = kOne;
    routes_.add(host, route, [this, &limiter](const HttpRequest& request) {
        const auto forgotten = forgotten_of_path(request.path());
        if (!forgotten)
            throw Failure(SH_NOT_FOUND,
                          "DELETE /admin/v1/ratelimit/{address, user, session or node}/KEY forgets "
                          "what was counted; the node's key is node");
        std::vector<Question> questions;
        const auto was_there = limiter.forget(forgotten->by, forgotten->key, questions);
        if (!was_there) throw Failure(SH_NOT_FOUND, "the node's key is node");
        ask_(questions);
        return answer(JsonObject().boolean("forgotten", *was_there || !questions.empty()).done());
    });
}

}  // namespace ratelimit
