#include "http_door.hpp"

#include <algorithm>
#include <utility>

#include "identity.hpp"
#include "problem.hpp"
#include "rates.hpp"

namespace gateway {

using streamhost::Exchange;
using streamhost::HttpRequest;

namespace {

constexpr std::uint32_t kCommentMs = 15'000;  // less than proxies wait for a word, as a rule

struct Path {
    const char* method;
    const char* path;
};
constexpr Path kPaths[] = {{"GET", "/v1/streams/*"},
                           {"POST", "/v1/streams/*"},
                           {"POST", "/v1/runs/*"},
                           {"GET", "/v1/sessions/*"},
                           {"POST", "/v1/sessions/*"}};

CallText text_of(const HttpRequest& request, bool wants_stream) {
    return read_call({.method = request.method(),
                      .path = request.path(),
                      .query = request.query(),
                      .body = request.body(),
                      .last_event_id = request.header("last-event-id"),
                      .trace_parent = request.header("traceparent"),
                      .trace_state = request.header("tracestate"),
                      .wants_stream = wants_stream});
}

}  // namespace

void HttpDoor::serve_all() {
    for (const Path& one : kPaths) {
        sh_exchange_route route{};
        const bool is_streams = one.path == std::string_view("/v1/streams/*");
        route.streams = is_streams && one.method == std::string_view("GET") ? 1 : 0;
        route.method = one.method;
        route.path = one.path;
        route.max_body_bytes = one.method == std::string_view("POST") ? door_.limits.message_bytes : 0;
        route.comment_ms = std::min(kCommentMs, door_.limits.heartbeat_ms);
        serve(door_.host, route);
    }
}

void HttpDoor::refuse(Exchange exchange, std::uint32_t status, const Error& error,
                      std::string_view allow) const {
    door_.telemetry.error(error.code);
    streamhost::HttpResponse response = problem_response(status, error);
    if (!allow.empty()) response.headers.emplace_back("Allow", std::string(allow));
    exchange.answer(response);
}

bool HttpDoor::lets_in(Exchange exchange, const HttpRequest& request) const {
    if (is_allowed_request(request.header("origin"), asked_of(request), origins_)) return true;
    refuse(exchange, 403,
           {.code = "forbidden",
            .message = "pages of this origin may not ask here; see plugins.gateway.allowed_origins"});
    return false;
}

// A stream counts as a connection of its client.
bool HttpDoor::enters(Exchange exchange, Call::Asked& asked) const {
    if (!asked.wants_stream) return true;
    const sh_rate_subject subject{sizeof(subject), SH_RATE_CONNECT, streamhost::bytes(asked.address), {}, {}};
    std::int64_t wait_ms = door_.services.take(subject, 1);
    if (wait_ms == 0) {
        const auto entered = door_.services.enter(asked.address, "");
        wait_ms = entered.wait_ms;
        asked.address_counted_by = entered.by;
    }
    if (wait_ms > 0) refuse(exchange, 429, too_often(wait_ms));
    return wait_ms == 0;
}

std::unique_ptr<Call> HttpDoor::open(LoopClients* loop, Exchange exchange, bool wants_stream,
                                     const HttpRequest& request) {
    if (!lets_in(exchange, request)) return nullptr;
    Call::Asked asked{.text = text_of(request, wants_stream),
                      .address = std::string(address_of(request.peer())),
                      .token = {},
                      .wants_stream = wants_stream,
                      .address_counted_by = 0};
    if (asked.text.status != 0) {
        const bool is_missing = asked.text.status == 404;
        refuse(exchange, asked.text.status,
               {.code = is_missing ? "not_found" : "bad_request", .message = asked.text.detail},
               asked.text.allow);
        return nullptr;
    }
    if (door_.needs_token) {
        const bool may_bring_cookie =
            is_known_page(request.header("origin"), request.header("sec-fetch-site"));
        const BroughtToken brought =
            brought_token(request.header("authorization"), request.header("cookie"),
                          may_bring_cookie ? std::string_view(cookie_) : std::string_view());
        if (brought.is_ambiguous) {
            refuse(
                exchange, 401,
                {.code = "unauthenticated", .message = "the header and the cookie bring different tokens"});
            return nullptr;
        }
        asked.token = brought.token;
    }
    if (!enters(exchange, asked)) return nullptr;
    auto call = std::make_unique<Call>(*loop, exchange, std::move(asked));
    call->begin();
    return call;
}

void HttpDoor::drain(LoopClients* /*loop*/, Call& call, Exchange /*exchange*/,
                     std::uint32_t reconnect_after_ms) {
    call.drain(reconnect_after_ms);
}

}  // namespace gateway
