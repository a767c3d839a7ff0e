#include "admin_routes.hpp"

#include <utility>

#include "streamhost/json.hpp"
#include "streamhost/percent.hpp"
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
constexpr std::string_view kUser = "user=";
constexpr std::uint32_t kDeadlineMs = 3'000;

std::string decoded(std::string_view text) {
    auto out = streamhost::percent_decoded(text, streamhost::Plus::kIsASpace);
    if (!out) throw Failure(SH_INVALID, "the query has a % without two hexadecimal digits");
    return *std::move(out);
}

void demand(const Answered& answered) {
    if (answered.result.status != SH_OK) throw Failure(answered.result.status, answered.result.detail);
}

HttpResponse answer(std::string body) {
    HttpResponse response = HttpResponse::json(200, std::move(body));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

HttpResponse list(Host& host, const Lease<sh_session>& sessions, const HttpRequest& request) {
    const std::string user = user_of_query(request.query());
    const Answered found = streamhost::wait_for_answer(
        host, sessions, kDeadlineMs, [&](const sh_session& table, void* self, sh_ticket ticket) {
            table.list(self, bytes(user), ticket);
        });
    demand(found);
    return answer("{\"total\":" + std::to_string(found.result.count) + ",\"sessions\":" + found.body + "}");
}

HttpResponse list_nodes(Host& host, const Lease<NodeTable>& nodes) {
    const Answered found = streamhost::wait_for_answer(
        host, nodes, kDeadlineMs,
        [](const NodeTable& table, void* self, sh_ticket ticket) { table.nodes(self, ticket); });
    demand(found);
    return answer("{\"self\":" + streamhost::json_string(host.node_id()) + ",\"nodes\":" + found.body + "}");
}

HttpResponse kick(Host& host, const Lease<sh_session>& sessions, const HttpRequest& request) {
    const auto session = kicked_of_path(request.path());
    if (!session) throw Failure(SH_NOT_FOUND, "POST /admin/v1/sessions/SESSION/kick closes a session");
    const Answered kicked = streamhost::wait_for_answer(
        host, sessions, kDeadlineMs, [&](const sh_session& table, void* self, sh_ticket ticket) {
            table.kick(self, bytes(*session), ticket);
        });
    demand(kicked);
    return answer(kicked.body);
}

}  // namespace

std::string user_of_query(std::string_view query) {
    if (query.empty()) return {};
    if (!query.starts_with(kUser) || query.find('&') != std::string_view::npos)
        throw Failure(SH_INVALID, "the only parameter is user=USER; without it all sessions are listed");
    return decoded(query.substr(kUser.size()));
}

std::optional<std::string> kicked_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix) || !path.ends_with(kKick)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    if (path.size() <= kKick.size()) return std::nullopt;
    path.remove_suffix(kKick.size());
    return std::string(path);
}

void AdminRoutes::add(Host& host, Lease<sh_session> sessions, Lease<NodeTable> nodes) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kList;
    routes_.add(host, route,
                [&host, sessions](const HttpRequest& request) { return list(host, sessions, request); });
    route.path = kNodes;
    routes_.add(host, route, [&host, nodes](const HttpRequest&) { return list_nodes(host, nodes); });
    route.method = "POST";
    route.path = kOne;
    routes_.add(host, route,
                [&host, sessions](const HttpRequest& request) { return kick(host, sessions, request); });
}

}  // namespace session
