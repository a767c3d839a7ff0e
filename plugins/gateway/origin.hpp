// The problem: a browser lets any web page open a WebSocket to any address, this machine's loopback included,
// and says only in `Origin` which page it was. A server that does not look serves every page that its user
// visits. Source: RFC 6455, section 10.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct OriginRules {
    std::vector<std::string> allowed;  // "https://example.com"; "*" allows all
    // Where no token is asked for a page must not bring a name of its own that leads here (DNS rebinding):
    // the host that it connects to is localhost or a loopback address, or the page is in the list.
    bool asks_for_tokens = false;
};

// Whom a request asked.
struct AskedHost {
    std::string_view host;   // as its client knows it
    std::string_view named;  // as it came here: another name behind a proxy that gives its own
    bool is_secure = false;  // the client speaks TLS
};

// Without an origin the client is no browser. Else the page has to come from the host that it connects to, or
// be in the list. A page that came in clear, which whoever stands between may have written, is none of a host
// that is asked by TLS.
[[nodiscard]] bool is_allowed_origin(std::string_view origin, const AskedHost& asked,
                                     const OriginRules& rules);

// The same of a request that is no upgrade: a browser's page reads from its own host without an origin, so a
// name that leads here (see above) has to show in the host.
[[nodiscard]] bool is_allowed_request(std::string_view origin, const AskedHost& asked,
                                      const OriginRules& rules);
// A cookie comes along with what any page asks. Of an allowed request: its browser said which page asked,
// or, where it keeps silent of that (GET of the same origin), that it is the host's own (Fetch Metadata).
[[nodiscard]] bool is_known_page(std::string_view origin, std::string_view fetch_site);

// Of what came with an upgrade or a request. An older host says no more than the fields of the head.
template <typename Request>
[[nodiscard]] AskedHost asked_of(const Request& request) {
    const std::string_view host = request.header(":authority");
    const std::string_view named = request.header("host");
    return {host.empty() ? named : host, named, request.header(":scheme") == "https"};
}

// Of "address:port" or "[v6 address]:port".
[[nodiscard]] std::string_view address_of(std::string_view peer);

}  // namespace gateway
