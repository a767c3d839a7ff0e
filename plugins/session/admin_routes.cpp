#include "admin_routes.hpp"

#include <utility>

#include "streamhost/json.hpp"
#include "streamhost/query.hpp"
#include "streamhost/wait.hpp"

namespace session {

using streamhost::Answered;
using streamhost::bytes;
using streamhost::Failure;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::Lease;

namespace {

constexpr const char* kList = "/admin/v1/sessions";
constexpr const char* kNodes = "/admin/v1/nodes";
constexpr const char* kOne = "/admin/v1/sessions/*";
constexpr std::string_view kPrefix = "/admin/v1/sessions/";
constexpr std::string_view kKick = "/kick";
constexpr std::uint32_t kDeadlineMs = 3'000;

HttpResponse answer(std::string body) { return HttpResponse::json(200, std::move(body)).uncached(); }

HttpResponse list(Host& host, const Lease<OperatorTable>& operators, const HttpRequest& request) {
    const SessionQuery query = session_query(request.query());
    const Answered found = streamhost::need_answer(
        host, operators, kDeadlineMs, [&](const OperatorTable& table, void* self, sh_ticket ticket) {
            table.list(self, bytes(query.user), query.limit, ticket);
        });
    return answer("{\"total\":" + std::to_string(found.result.count) + ",\"sessions\":" + found.body + "}");
}

HttpResponse list_nodes(Host& host, const Lease<OperatorTable>& operators) {
    const Answered found = streamhost::need_answer(
        host, operators, kDeadlineMs,
        [](const OperatorTable& table, void* self, sh_ticket ticket) { table.nodes(self, ticket); });
    return answer("{\"self\":" + streamhost::json_string(host.node_id()) + ",\"nodes\":" + found.body + "}");
}

HttpResponse kick(Host& host, const Lease<sh_session>& sessions, const HttpRequest& request) {
    const auto session = kicked_of_path(request.path());
    if (!session) throw Failure(SH_NOT_FOUND, "POST /admin/v1/sessions/SESSION/kick closes a session");
    const Answered kicked = streamhost::need_answer(
        host, sessions, kDeadlineMs, [&](const sh_session& table, void* self, sh_ticket ticket) {
            table.kick(self, bytes(*session), ticket);
        });
    return answer(kicked.body);
}

}  // namespace

SessionQuery session_query(std::string_view text) {
    const streamhost::Query query(text, {"user", "limit"});
    return {query.text("user"), query.number("limit", kMaxListed, kMaxListed)};
}

std::optional<std::string> kicked_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix) || !path.ends_with(kKick)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    if (path.size() <= kKick.size()) return std::nullopt;
    path.remove_suffix(kKick.size());
    return std::string(path);
}

void AdminRoutes::add(Host& host, Lease<sh_session> sessions, Lease<OperatorTable> operators) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kList;
    routes_.add(host, route,
                [&host, operators](const HttpRequest& request) { return list(host, operators, request); });
    route.path = kNodes;
    routes_.add(host, route, [&host, operators](const HttpRequest&) { return list_nodes(host, operators); });
    route.method = "POST";
    route.path = kOne;
    routes_.add(host, route,
                [&host, sessions](const HttpRequest& request) { return kick(host, sessions, request); });
}

}  // namespace session
