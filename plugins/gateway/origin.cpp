#include "origin.hpp"

#include <algorithm>
#include <cctype>

#include "streamhost/local_host.hpp"

namespace gateway {

namespace {

bool is_same(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char one, char other) {
        return std::tolower(static_cast<unsigned char>(one)) ==
               std::tolower(static_cast<unsigned char>(other));
    });
}

}  // namespace

bool is_allowed_origin(std::string_view origin, std::string_view host, const OriginRules& rules) {
    if (origin.empty()) return true;
    const std::size_t scheme = origin.find("://");
    const bool is_same_host =
        scheme != std::string_view::npos && !host.empty() && is_same(origin.substr(scheme + 3), host);
    if (is_same_host && (rules.asks_for_tokens || streamhost::is_local_host(host))) return true;
    return std::any_of(rules.allowed.begin(), rules.allowed.end(),
                       [origin](const std::string& one) { return one == "*" || is_same(one, origin); });
}

std::string_view address_of(std::string_view peer) {
    if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
    const std::size_t colon = peer.rfind(':');
    return colon == peer.find(':') ? peer.substr(0, colon) : peer;
}

}  // namespace gateway
