#include "admin_routes.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "streamhost/json_object.hpp"

#include "json_members.hpp"

namespace auth {

using simdjson::dom::element;
using streamhost::Failure;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::JsonObject;

namespace {

constexpr const char* kRevoke = "/admin/v1/auth/revoke";
constexpr const char* kList = "/admin/v1/auth/revocations";
constexpr const char* kOne = "/admin/v1/auth/revocations/*";
constexpr std::string_view kPrefix = "/admin/v1/auth/revocations/";
constexpr std::uint64_t kMaxBody = 4'096;
// A store that is down says so at once; one that hangs is not waited for by a worker that others need.
constexpr std::chrono::milliseconds kPatience{3'000};
constexpr const char* kForm =
    "the body is {\"user\":\"NAME\"} or {\"token_id\":\"JTI\"}, and if wanted "
    "\"before_ms\" and \"reason\"";

// Runs `body` with a waiter on the store loop, and stands still until it hears.
template <typename Body>
HttpResponse wait_for(Host& host, Body body) {
    auto given = std::make_shared<std::promise<RevocationSync::Changed>>();
    auto changed = given->get_future();
    auto work = [body = std::move(body), held = std::move(given)] {
        body([held](const RevocationSync::Changed& heard) { held->set_value(heard); });
    };
    if (host.post(SH_ON_STORE, std::move(work)) != SH_OK)
        throw Failure(SH_BUSY, "the store loop's queue is full");
    if (changed.wait_for(kPatience) != std::future_status::ready)
        throw Failure(SH_TIMEOUT, "it holds on this node; the store did not say in time whether others know");
    try {
        return answer_of(changed.get());
    } catch (const std::future_error&) {  // the closure was dropped
        throw Failure(SH_GONE, "the plugin auth was stopped meanwhile");
    }
}

HttpResponse full() {
    HttpResponse response;
    response.status = 507;
    response.headers.emplace_back("Content-Type", "application/problem+json");
    response.body =
        JsonObject()
            .text("type", "about:blank")
            .text("title", "Insufficient Storage")
            .number("status", 507)
            .text(
                "detail",
                "the list of revocations is full: withdraw some, or take the key away that these tokens are "
                "signed with, which ends all of them at once")
            .done();
    return response;
}

}  // namespace

Revocation read_revocation(std::string_view body, std::int64_t now_ms, std::int64_t ahead_ms) {
    Revocation wanted;
    wanted.before_ms = now_ms + ahead_ms;
    bool is_named = false;
    const bool is_read = each_member(body, [&](std::string_view name, const element& value) {
        if (name == "user" || name == "token_id") {
            wanted.names = name == "user" ? Revocation::Names::kUser : Revocation::Names::kToken;
            return !std::exchange(is_named, true) && read_text(value, wanted.name);
        }
        if (name == "before_ms") return value.get_int64().get(wanted.before_ms) == simdjson::SUCCESS;
        return name == "reason" && read_text(value, wanted.reason);
    });
    if (!is_read || !is_named) throw Failure(SH_INVALID, kForm);
    if (wanted.names == Revocation::Names::kUser && !is_user(wanted.name))
        throw Failure(SH_INVALID, "no token can be of this user");
    if (wanted.name.empty() || wanted.name.size() > kMaxTokenIdBytes)
        throw Failure(SH_INVALID, "a token_id is 1 to 128 bytes");
    if (wanted.before_ms <= 0 || wanted.before_ms > now_ms + kMaxAheadMs)
        throw Failure(SH_INVALID, "before_ms counts from 1970 and lies at most five minutes ahead");
    if (wanted.reason.size() > kMaxReasonBytes) throw Failure(SH_INVALID, "a reason has at most 256 bytes");
    return wanted;
}

std::string show(const Revocation& entry) {
    return JsonObject()
        .text("id", id_of(entry))
        .text(entry.names == Revocation::Names::kUser ? "user" : "token_id", entry.name)
        .number("before_ms", entry.before_ms)
        .number("ends_ms", entry.end_ms)
        .text_if("reason", entry.reason)
        .done();
}

std::string show(const RevocationList& list) {
    std::string entries = "[";
    list.each([&](const Revocation& entry) {
        if (!entry.is_withdrawn) entries += (entries.size() > 1 ? "," : "") + show(entry);
    });
    return JsonObject().number("total", list.in_force()).json("revocations", entries + ']').done();
}

std::optional<std::string> id_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix) || path.size() == kPrefix.size()) return std::nullopt;
    return std::string(path.substr(kPrefix.size()));
}

HttpResponse answer_of(const RevocationSync::Changed& changed) {
    switch (changed.status) {
    case SH_OK: break;
    case SH_FULL: return full();
    case SH_NOT_FOUND:
        throw Failure(SH_NOT_FOUND, "no revocation in force has this id, see GET " + std::string(kList));
    default: throw Failure(changed.status, "too many changes of the revocations at once");
    }
    JsonObject body;
    body.json("revocation", show(changed.entry)).boolean("stored", changed.is_stored);
    if (!changed.is_stored)
        body.text("detail", "it holds on this node now and on others when the store is reached again");
    return HttpResponse::json(changed.is_stored ? 200 : 202, body.done()).uncached();
}

void AdminRoutes::add(Host& host, RevocationSync& sync, const Authenticator& authenticator) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kList;
    routes_.add(host, route, [&authenticator](const HttpRequest&) {
        return HttpResponse::json(200, show(*authenticator.revocations())).uncached();
    });
    route.method = "DELETE";
    route.path = kOne;
    routes_.add(host, route, [&host, &sync](const HttpRequest& request) {
        const auto id = id_of_path(request.path());
        if (!id) throw Failure(SH_NOT_FOUND, "DELETE names a revocation by its id");
        return wait_for(
            host, [&sync, id = *id](RevocationSync::Waiter waiter) { sync.withdraw(id, std::move(waiter)); });
    });
    route.method = "POST";
    route.path = kRevoke;
    route.max_body_bytes = kMaxBody;
    routes_.add(host, route, [&host, &sync, &authenticator](const HttpRequest& request) {
        const Revocation wanted =
            read_revocation(request.body(), sync.now_ms(), authenticator.rules().leeway_ms);
        return wait_for(
            host, [&sync, wanted](RevocationSync::Waiter waiter) { sync.revoke(wanted, std::move(waiter)); });
    });
}

}  // namespace auth
