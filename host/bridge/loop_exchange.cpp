// Exchanges: requests that a plugin answers on their loop, whole or as a stream of events.
#include <array>
#include <utility>

#include "bridge/delivery_hub.hpp"
#include "bridge/head_fields.hpp"
#include "bridge/http_job.hpp"
#include "bridge/loop_client.hpp"
#include "delivery/framing.hpp"
#include "net/http_reply.hpp"

namespace streamhost::bridge {

namespace {

constexpr std::string_view kEventStream = "text/event-stream";
constexpr const char* kJustOff = "This service is being switched off; try again";

std::string bytes_of(net::HttpProblem problem, bool is_head, bool keep_alive) {
    problem.after = keep_alive ? net::AfterReply::kKeepAlive : net::AfterReply::kClose;
    std::string out;
    net::append_problem(out, problem);
    if (is_head) out.resize(out.find("\r\n\r\n") + 4);
    return out;
}

// Refers to `fields`.
sh_http_request request_of(const HeadFields& fields, std::string_view body) {
    const net::HttpHead& head = fields.head;
    sh_http_request request{};
    request.struct_size = sizeof(request);
    request.listener = SH_LISTENER_PUBLIC;
    request.method = bytes(head.method);
    request.path = bytes(head.path);
    request.query = bytes(head.query);
    request.peer = bytes(fields.peer);
    request.body = bytes(body);
    request.self = &fields;
    request.header = [](const sh_http_request* asked, const char* name, sh_bytes* out) -> sh_status {
        const auto value = static_cast<const HeadFields*>(asked->self)->find(name);
        if (!value) return SH_NOT_FOUND;
        *out = bytes(*value);
        return SH_OK;
    };
    return request;
}

}  // namespace

// A problem of status 0: nothing is in the way.
net::HttpProblem LoopTransport::why_no_exchange(const net::Endpoint& endpoint, const net::HttpHead& head,
                                                bool wants_stream) const {
    const std::string_view off = wants_stream ? endpoint.off_streams : endpoint.off_calls;
    if (!off.empty()) return {.status = 404, .detail = off};
    // Two readings of one of these would be two clients.
    for (const std::string_view name : {"Authorization", "Origin", "Last-Event-ID"})
        if (head.count(name) > 1) return {.status = 400, .detail = "A header that may come once came twice"};
    if (!wants_stream) return {.status = 0};
    if (head.minor_version == 0)
        return {.status = 505,
                .detail =
                    "Server-sent events need HTTP/1.1; a proxy in front may have to be told so (nginx: "
                    "proxy_http_version 1.1)"};
    if (hub_.counters().draining.load(std::memory_order_relaxed))
        return {.status = 503, .detail = "This node is draining; connect to another one", .retry_after_s = 1};
    return {.status = 0};
}

void LoopTransport::open_exchange(net::Connection& connection, const net::Endpoint& endpoint,
                                  const net::HttpHead& head, std::string_view body) {
    const bool has_streams = endpoint.takes_streams || !endpoint.off_streams.empty();
    const bool wants_stream = has_streams && head.method == "GET" && head.accepts(kEventStream);
    const bool is_head = head.method == "HEAD";
    if (const net::HttpProblem problem = why_no_exchange(endpoint, head, wants_stream); problem.status != 0)
        return connection.reply(bytes_of(problem, is_head, connection.keeps_alive()),
                                connection.keeps_alive());
    auto* route = static_cast<ExchangeRoute*>(endpoint.user);
    auto client = std::make_unique<Client>(Client{route->shared_from_this(), connection});
    client->exchange =
        std::make_unique<Exchange>(Exchange{*route, wants_stream, is_head, connection.keeps_alive()});
    connection.set_user(client.get());
    client->exchange->is_opening = true;
    client->is_open = call_open(*client, head, body);
    client->exchange->is_opening = false;
    if (client->exchange->end) return finish(std::move(client), connection.id());
    if (!client->is_open) return refuse_exchange(*client.release());
    (void)client.release();  // the connection has it
}

bool LoopTransport::call_open(Client& client, const net::HttpHead& head, std::string_view body) {
    const HeadFields fields{client.connection, head};
    const sh_http_request request = request_of(fields, body);
    const ExchangeRoute& route = client.exchange->route;
    const std::uint32_t kind = client.exchange->may_stream ? SH_EXCHANGE_STREAM : SH_EXCHANGE_CALL;
    const runtime::RoleScope role = role_of(SH_ON_LOOP(index_));
    return route.instance->call("exchange open", [&] {
        client.context = route.handler.open(route.self, route.instance->loop_context(index_),
                                            client.connection.id(), kind, &request);
    });
}

// It was answered, or its client went away.
void LoopTransport::finish(std::unique_ptr<Client> client, net::ConnectionId id) {
    if (client->connection.user() == client.get()) client->connection.set_user(nullptr);
    if (!client->is_open) return;
    auto [code, reason] = *std::exchange(client->exchange->end, std::nullopt);
    tell_later({std::move(client), id, code, std::move(reason)});
}

// Its plugin does not answer any more.
void LoopTransport::refuse_exchange(Client& client) {
    const std::unique_ptr<Client> last(&client);
    net::Connection& connection = client.connection;
    connection.set_user(nullptr);
    count_answer(client, 503);
    const bool keep_alive = client.exchange->keep_alive;
    connection.reply(bytes_of({.status = 503, .detail = kJustOff, .retry_after_s = 1},
                              client.exchange->is_head, keep_alive),
                     keep_alive);
}

sh_status LoopTransport::answer(net::ConnectionId id, const HttpAnswer& answer) {
    Client* client = find(id);
    if (client == nullptr) return SH_GONE;
    if (client->exchange == nullptr) return SH_INVALID;
    Exchange& exchange = *client->exchange;
    if (client->reader != nullptr || exchange.end) return SH_CONFLICT;
    net::Connection& connection = client->connection;
    if (!connection.awaits_answer()) return SH_GONE;
    count_answer(*client, answer.status);
    std::string response = to_response(answer, exchange.is_head, exchange.keep_alive);
    const bool keep_alive = exchange.keep_alive;
    exchange.end.emplace(1000, "");
    if (!exchange.is_opening) finish(std::unique_ptr<Client>(client), id);
    connection.reply(std::move(response), keep_alive);
    return SH_OK;
}

sh_status LoopTransport::begin(net::ConnectionId id, std::span<const net::HttpField> fields) {
    Client* client = find(id);
    if (client == nullptr) return SH_GONE;
    if (client->exchange == nullptr || !client->exchange->may_stream) return SH_INVALID;
    if (client->reader != nullptr || client->exchange->end) return SH_CONFLICT;
    if (!client->connection.awaits_answer()) return SH_GONE;
    count_answer(*client, 200);
    std::string head;
    net::append_events_head(head, fields);
    client->connection.begin_stream(std::move(head), open_reader(*client));
    return find(id) == client ? SH_OK : SH_GONE;
}

sh_status LoopTransport::send_events(net::ConnectionId id, std::string_view text) {
    Client* client = find(id);
    if (client == nullptr || client->connection.is_closing()) return SH_GONE;
    if (client->exchange == nullptr || client->reader == nullptr) return SH_INVALID;
    if (text.empty()) return SH_OK;  // an empty chunk would end the response
    const delivery::Envelope envelope = delivery::http_chunk(text.size());
    const std::array<delivery::Piece, 3> frame = {{{envelope.head.data(), envelope.head_size},
                                                   {text.data(), text.size()},
                                                   {envelope.tail.data(), envelope.tail_size}}};
    return queue(*client, frame);
}

// The first answer of a status takes a lock, which is no work for a loop.
void LoopTransport::count_answer(const Client& client, std::uint32_t status) {
    ExchangeRoute& exchange = client.exchange->route;
    if (exchange.meter.try_answered(status)) return;
    House& house = hub_.house();
    (void)house.short_pool.submit({"count an answer",
                                   [&house, &exchange, route = client.route, status] {
                                       exchange.meter.answered(house.metrics, exchange.pattern(), status);
                                   },
                                   {}});
}

}  // namespace streamhost::bridge
