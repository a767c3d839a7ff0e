#include "origin.hpp"

#include <algorithm>

#include "streamhost/ascii.hpp"
#include "streamhost/local_host.hpp"

namespace gateway {

using streamhost::equal_ignoring_case;

bool is_allowed_origin(std::string_view origin, std::string_view host, const OriginRules& rules) {
    if (origin.empty()) return true;
    const std::size_t scheme = origin.find("://");
    const bool is_same_host = scheme != std::string_view::npos && !host.empty() &&
                              equal_ignoring_case(origin.substr(scheme + 3), host);
    if (is_same_host && (rules.asks_for_tokens || streamhost::is_local_host(host))) return true;
    return std::any_of(rules.allowed.begin(), rules.allowed.end(), [origin](const std::string& one) {
        return one == "*" || equal_ignoring_case(one, origin);
    });
}

bool is_allowed_request(std::string_view origin, std::string_view host, const OriginRules& rules) {
    if (!origin.empty() || rules.asks_for_tokens || streamhost::is_local_host(host))
        return is_allowed_origin(origin, host, rules);
    const std::string name(host);
    return is_allowed_origin("http://" + name, "", rules) || is_allowed_origin("https://" + name, "", rules);
}

bool is_known_page(std::string_view origin, std::string_view fetch_site) {
    return !origin.empty() || fetch_site == "same-origin";
}

std::string_view address_of(std::string_view peer) {
    if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
    const std::size_t colon = peer.rfind(':');
    return colon == peer.find(':') ? peer.substr(0, colon) : peer;
}

}  // namespace gateway
