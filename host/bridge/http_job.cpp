#include "bridge/http_job.hpp"

#include "streamhost/status.hpp"

#include "bridge/head_fields.hpp"
#include "bridge/loop_transport.hpp"
#include "net/http_reply.hpp"
#include "net/http_text.hpp"

namespace streamhost::bridge {

namespace {

std::uint16_t http_status_of(sh_status status) {
    switch (status) {
    case SH_OK: return 200;
    case SH_INVALID: return 400;
    case SH_UNAUTHENTICATED: return 401;
    case SH_FORBIDDEN: return 403;
    case SH_NOT_FOUND: return 404;
    case SH_CONFLICT:
    case SH_GAP:
    case SH_FENCED:
    case SH_ENDED: return 409;
    case SH_EXPIRED: return 410;
    case SH_TOO_LARGE: return 413;
    case SH_RATE_LIMITED: return 429;
    case SH_BUSY:
    case SH_UNAVAILABLE:
    case SH_GONE: return 503;
    case SH_TIMEOUT: return 504;
    default: return 500;
    }
}

HttpQuestion copy_of(const net::Connection& connection, const net::HttpHead& head, std::string_view body) {
    HttpQuestion question{SH_LISTENER_PUBLIC,
                          std::string(head.method),
                          std::string(head.path),
                          std::string(head.query),
                          connection.peer(),
                          std::string(body),
                          {{std::string(HeadFields::kScheme), std::string(connection.scheme())},
                           {std::string(HeadFields::kAuthority), std::string(connection.host(head))}}};
    for (std::size_t index = 0; index < head.field_count(); ++index) {
        const net::HttpField field = head.field(index);
        question.headers.emplace_back(field.name, field.value);
    }
    return question;
}

HttpAnswer call_handler(const HttpRoute& route, const HttpQuestion& question);

}  // namespace

HttpAnswer problem(std::uint16_t status, std::string_view detail) {
    return {status,
            {{"Content-Type", std::string(net::kProblemType)},
             {std::string(net::kKeptByNoCache.name), std::string(net::kKeptByNoCache.value)}},
            net::problem_document({.status = status, .detail = detail})};
}

HttpAnswer run_handler(House& house, const HttpRoute& route, const HttpQuestion& question) {
    HttpAnswer answer = call_handler(route, question);
    route.meter.answered(house.metrics, route.pattern(), answer.status);
    return answer;
}

namespace {

HttpAnswer call_handler(const HttpRoute& route, const HttpQuestion& question) {
    HttpAnswer answer;
    sh_http_request request{};
    request.struct_size = sizeof(request);
    request.listener = question.listener;
    request.method = bytes(question.method);
    request.path = bytes(question.path);
    request.query = bytes(question.query);
    request.peer = bytes(question.peer);
    request.body = bytes(question.body);
    request.self = &question;
    request.header = [](const sh_http_request* asked, const char* name, sh_bytes* out) -> sh_status {
        for (const auto& [known, value] : static_cast<const HttpQuestion*>(asked->self)->headers) {
            if (!net::equal_ignoring_case(known, name)) continue;
            *out = bytes(value);
            return SH_OK;
        }
        return SH_NOT_FOUND;
    };
    sh_http_response response{};
    response.struct_size = sizeof(response);
    response.self = &answer;
    response.status = [](sh_http_response* to, std::uint32_t code) {
        static_cast<HttpAnswer*>(to->self)->status = code;
    };
    response.header = [](sh_http_response* to, const char* name, sh_bytes value) {
        static_cast<HttpAnswer*>(to->self)->headers.emplace_back(name, std::string(view(value)));
    };
    response.body = [](sh_http_response* to, sh_bytes part) {
        static_cast<HttpAnswer*>(to->self)->body += view(part);
    };

    sh_status status = SH_INTERNAL;
    const bool ran = route.instance->call("http handler",
                                          [&] { status = route.handler(route.self, &request, &response); });
    if (!ran && route.instance->gate().counted() == 0)
        return problem(503, "This service is being switched off; try again");
    if (!ran || status != SH_OK) {
        const bool has_reason = ran && !answer.body.empty();
        return problem(ran ? http_status_of(status) : 500, has_reason
                                                               ? std::string_view(answer.body)
                                                               : "The service could not answer this request");
    }
    return answer;
}

}  // namespace

std::string to_response(const HttpAnswer& answer, bool is_head, bool keep_alive) {
    std::vector<net::HttpField> fields;
    std::string_view type;
    for (const auto& [name, value] : answer.headers) {
        if (net::equal_ignoring_case(name, "content-type")) {
            type = value;
        } else if (!net::equal_ignoring_case(name, "content-length")) {
            fields.push_back({name, value});
        }
    }
    std::string out;
    net::append_reply(
        out, {.status = static_cast<std::uint16_t>(answer.status),
              .after = keep_alive ? net::AfterReply::kKeepAlive : net::AfterReply::kClose,
              .content_type =
                  type.empty() && !answer.body.empty() ? std::string_view("application/octet-stream") : type,
              .body = answer.body,
              .fields = fields});
    if (is_head) out.resize(out.size() - answer.body.size());  // RFC 9110 9.3.2: the same fields, no content
    return out;
}

void submit_http(House& house, LoopTransport& transport, net::Connection& connection,
                 std::shared_ptr<HttpRoute> route, const net::HttpHead& head, std::string_view body) {
    auto question = std::make_shared<HttpQuestion>(copy_of(connection, head, body));
    const bool keep_alive = connection.keeps_alive();
    const net::ConnectionId id = connection.id();
    // The server ends before the pool: a handler that is late then posts to a loop that refuses it. Whatever
    // runs on the loop runs before the server's end.
    net::LoopServer& server = transport.server();
    runtime::Loop& loop = server.loop();
    const std::uint64_t due_ms = house.clock.monotonic_ms() + route->timeout_ms;
    runtime::Job job{
        "http " + route->path,
        [&server, &loop, &house, route, question, keep_alive, id, due_ms] {
            const HttpAnswer answer = house.clock.monotonic_ms() > due_ms
                                          ? problem(503, "No worker was free in time; try again")
                                          : run_handler(house, *route, *question);
            std::string response = to_response(answer, question->method == "HEAD", keep_alive);
            (void)loop.post([&server, id, keep_alive, bytes_out = std::move(response)]() mutable {
                if (net::Connection* waiting = server.find(id))
                    waiting->reply(std::move(bytes_out), keep_alive);
            });
        },
        {}};
    if (house.short_pool.submit(std::move(job)) == runtime::SubmitStatus::accepted) return;
    std::string response;
    net::append_problem(response,
                        {.status = 503, .detail = "This node is busy; try again", .retry_after_s = 1});
    connection.reply(std::move(response), false);
}

}  // namespace streamhost::bridge
