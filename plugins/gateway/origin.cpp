#include "origin.hpp"

#include <algorithm>

#include "streamhost/ascii.hpp"
#include "streamhost/local_host.hpp"

namespace gateway {

using streamhost::equal_ignoring_case;

namespace {

bool is_listed(std::string_view origin, const OriginRules& rules) {
    return std::any_of(rules.allowed.begin(), rules.allowed.end(), [origin](const std::string& one) {
        return one == "*" || equal_ignoring_case(one, origin);
    });
}

bool is_listed_host(std::string_view host, const OriginRules& rules) {
    const std::string name(host);
    return is_listed("http://" + name, rules) || is_listed("https://" + name, rules);
}

bool is_same_host(std::string_view origin, const AskedHost& asked) {
    const std::size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos || asked.host.empty()) return false;
    if (asked.is_secure && !equal_ignoring_case(origin.substr(0, scheme), "https")) return false;
    return equal_ignoring_case(origin.substr(scheme + 3), asked.host);
}

}  // namespace

bool is_allowed_origin(std::string_view origin, const AskedHost& asked, const OriginRules& rules) {
    if (origin.empty() || is_listed(origin, rules)) return true;
    // Both names: a page that brings its own can also say what only proxies should.
    const bool is_local = streamhost::is_local_host(asked.host) && streamhost::is_local_host(asked.named);
    return is_same_host(origin, asked) && (rules.asks_for_tokens || is_local);
}

bool is_allowed_request(std::string_view origin, const AskedHost& asked, const OriginRules& rules) {
    if (!origin.empty() || rules.asks_for_tokens) return is_allowed_origin(origin, asked, rules);
    const auto is_known = [&](std::string_view host) {
        return streamhost::is_local_host(host) || is_listed_host(host, rules);
    };
    return is_known(asked.host) && is_known(asked.named);
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
