#include "admin_routes.hpp"

#include "streamhost/query.hpp"
#include "streamhost/wait.hpp"

namespace pubsub {

using streamhost::Answered;
using streamhost::bytes;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::Lease;

namespace {

constexpr std::uint32_t kListed = 100;
constexpr std::uint32_t kDeadlineMs = 3'000;

HttpResponse list(Host& host, const Lease<OperatorTable>& streams, const HttpRequest& request) {
    const streamhost::Query query(request.query(), {"session", "limit"});
    const std::string home = query.text("session");
    const std::uint32_t limit = query.number("limit", kListed, kMostListed);
    Answered found = streamhost::need_answer(host, streams, kDeadlineMs,
                                             [&](const OperatorTable& table, void* self, sh_ticket ticket) {
                                                 table.list(self, bytes(home), limit, ticket);
                                             });
    return HttpResponse::json(200, std::move(found.body)).uncached();
}

}  // namespace

void AdminRoutes::add(Host& host, Lease<OperatorTable> streams) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = "/admin/v1/streams";
    routes_.add(host, route,
                [&host, streams](const HttpRequest& request) { return list(host, streams, request); });
}

}  // namespace pubsub
