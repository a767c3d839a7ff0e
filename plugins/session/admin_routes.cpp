#include "admin_routes.hpp"

#include <charconv>
#include <utility>

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
constexpr const char* kOne = "/admin/v1/sessions/*";
constexpr std::string_view kPrefix = "/admin/v1/sessions/";
constexpr std::string_view kKick = "/kick";
constexpr std::string_view kUser = "user=";
constexpr std::uint32_t kDeadlineMs = 3'000;

// As forms write it: a space may be a plus.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at] == '+' ? ' ' : text[at];
            continue;
        }
        unsigned char byte = 0;
        const std::string_view digits = text.substr(at + 1, 2);
        const char* end = digits.data() + digits.size();
        if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end)
            throw Failure(SH_INVALID, "the query has a % without two hexadecimal digits");
        out += static_cast<char>(byte);
        at += 2;
    }
    return out;
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

void AdminRoutes::add(Host& host, Lease<sh_session> sessions) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kList;
    routes_.add(host, route,
                [&host, sessions](const HttpRequest& request) { return list(host, sessions, request); });
    route.method = "POST";
    route.path = kOne;
    routes_.add(host, route,
                [&host, sessions](const HttpRequest& request) { return kick(host, sessions, request); });
}

}  // namespace session
