#include <string_view>
#include <vector>

#include "bridge/extensions.hpp"
#include "bridge/http_job.hpp"
#include "bridge/loop_transport.hpp"

namespace streamhost::bridge {

namespace {

sh_status add_route(const sh_host* host, const sh_exchange_route* wanted, const sh_exchange_handler* handler,
                    sh_handle* out) {
    if (!runtime::check_role(runtime::Role::control, "exchange.add_route")) return SH_WRONG_ROLE;
    std::string_view path = wanted->path == nullptr ? "" : wanted->path;
    auto route = std::make_shared<ExchangeRoute>();
    route->is_prefix = path.ends_with("/*");
    if (route->is_prefix) path.remove_suffix(1);
    route->instance = control::Instance::of(host).shared_from_this();
    route->path = path;
    route->self = handler->self;
    route->closed = handler->closed;
    route->drain = handler->drain;
    route->handler = *handler;
    route->methods = methods_of(wanted->method == nullptr ? "" : wanted->method);
    route->has_streams = wanted->streams != 0;
    route->max_body_bytes = wanted->max_body_bytes;
    route->comment_ms = wanted->comment_ms;
    if (path.empty() || path.front() != '/' || route->methods == 0 || handler->open == nullptr ||
        handler->closed == nullptr)
        return SH_INVALID;
    return house_of(host).transport->add_exchange(route, out);
}

sh_status answer(sh_connection connection, std::uint32_t status, const sh_http_field* fields,
                 std::uint32_t count, sh_bytes body) {
    LoopTransport* loop = loop_here(connection, "exchange.answer");
    if (loop == nullptr) return SH_WRONG_ROLE;
    HttpAnswer given{status, {}, std::string(view(body))};
    for (std::uint32_t index = 0; index < count; ++index)
        given.headers.emplace_back(fields[index].name, std::string(view(fields[index].value)));
    return loop->answer(connection, given);
}

sh_status begin(sh_connection connection, const sh_http_field* fields, std::uint32_t count) {
    LoopTransport* loop = loop_here(connection, "exchange.begin");
    if (loop == nullptr) return SH_WRONG_ROLE;
    std::vector<net::HttpField> list;
    for (std::uint32_t index = 0; index < count; ++index)
        list.push_back({fields[index].name, view(fields[index].value)});
    return loop->begin(connection, list);
}

sh_status send(sh_connection connection, sh_bytes text) {
    LoopTransport* loop = loop_here(connection, "exchange.send");
    return loop == nullptr ? static_cast<sh_status>(SH_WRONG_ROLE)
                           : loop->send_events(connection, view(text));
}

void end(sh_connection connection, std::uint32_t code, sh_bytes reason) {
    if (TransportHub* hub = transport())
        hub->close(connection, static_cast<std::uint16_t>(code), view(reason));
}

}  // namespace

const sh_exchange_ext& exchange_table() {
    static constexpr sh_exchange_ext kTable = {
        sizeof(sh_exchange_ext), 0, &add_route, &answer, &begin, &send, &end};
    return kTable;
}

}  // namespace streamhost::bridge
