#include "app/admin_lock.hpp"

#include "streamhost/abi/svc/auth.h"
#include "streamhost/bearer.hpp"
#include "streamhost/bytes.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/service.hpp"

#include "app/admin_paths.hpp"
#include "control/service_registry.hpp"
#include "net/http_text.hpp"

namespace streamhost::app {

namespace {

constexpr std::string_view kMetrics = "metrics";
constexpr std::string_view kAreas[] = {kMetrics, "view", "change"};
constexpr std::string_view kNobodyJudges = "Nobody here can judge tokens now: is the plugin auth running?";

// Nothing: two fields, of which a proxy may have looked at the other one.
std::optional<std::string_view> token_of(const bridge::HttpQuestion& question) {
    std::size_t count = 0;
    std::string_view token;
    for (const auto& [name, value] : question.headers) {
        if (!net::equal_ignoring_case(name, "authorization")) continue;
        if (++count > 1) return std::nullopt;
        token = bearer_token(value);
    }
    return token;
}

bridge::HttpAnswer challenge(std::string_view why) {
    bridge::HttpAnswer answer = bridge::problem(401, why);
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
}

sh_permit ask(const sh_lease* auth, std::string_view token, std::string_view area) {
    sh_permit permit{};
    permit.struct_size = sizeof(permit);
    permit.status = SH_UNAVAILABLE;
    const void* table = nullptr;
    void* self = nullptr;
    if (control::ServiceRegistry::enter(auth, &table, &self) != SH_OK) return permit;
    const auto& service = *static_cast<const sh_auth*>(table);
    if (has(service, service.permits))
        service.permits(self, bytes(token), SH_VERB_ADMIN, bytes(area), &permit);
    control::ServiceRegistry::leave(auth);
    return permit;
}

}  // namespace

std::string_view admin_area(std::string_view method, std::string_view path) {
    const bool reads = method == "GET" || method == "HEAD";
    if (reads && (is_at_or_below(path, "/health") || is_at_or_below(path, "/console"))) return {};
    if (reads && path == "/metrics") return kMetrics;
    return reads ? "view" : "change";
}

std::optional<bridge::HttpAnswer> AdminLock::refusal(const bridge::HttpQuestion& question,
                                                     std::string& user) const {
    if (!options_.needs_token) return std::nullopt;
    const std::string_view area = admin_area(question.method, question.path);
    if (area.empty() || (area == kMetrics && options_.open_metrics)) return std::nullopt;
    const auto token = token_of(question);
    if (!token) return bridge::problem(400, "Authorization may come once only");
    if (token->empty()) return challenge("A token is needed: Authorization: Bearer");
    const sh_permit permit = ask(auth_, *token, area);
    user = permit.user;
    switch (permit.status) {
    case SH_OK: return std::nullopt;
    case SH_UNAUTHENTICATED: return challenge(permit.detail);
    case SH_FORBIDDEN: return bridge::problem(403, "The token does not grant admin:" + std::string(area));
    default: return bridge::problem(503, kNobodyJudges);
    }
}

bridge::HttpAnswer AdminLock::access(const bridge::HttpQuestion& question) const {
    const auto token = token_of(question);
    if (!token) return bridge::problem(400, "Authorization may come once only");
    if (options_.needs_token && token->empty()) return challenge("A token is needed: Authorization: Bearer");
    sh_permit permit{};
    streamhost::JsonObject grants;
    for (const std::string_view area : kAreas) {
        if (options_.needs_token) permit = ask(auth_, *token, area);
        if (permit.status == SH_UNAUTHENTICATED) return challenge(permit.detail);
        if (permit.status != SH_OK && permit.status != SH_FORBIDDEN)
            return bridge::problem(503, kNobodyJudges);
        grants.boolean(area, permit.status == SH_OK || (area == kMetrics && options_.open_metrics));
    }
    return {200,
            {{"Content-Type", "application/json"}},
            streamhost::JsonObject()
                .text("authentication", options_.needs_token ? "required" : "none")
                .text("user", permit.user)
                .json("grants", grants.done())
                .done()};
}

}  // namespace streamhost::app
