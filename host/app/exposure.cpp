#include "app/exposure.hpp"

#include <string>

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>

#include "net/http_text.hpp"
#include "net/listen_socket.hpp"

namespace streamhost::app {

namespace {

bool is_reachable_by_others(const std::string& address) {
    try {
        return !net::parse_address(address).host().isLoopback();
    } catch (const Poco::Exception&) {
        return false;
    }
}

// "[::1]:8091" is "::1".
std::string_view without_port(std::string_view host) {
    if (!host.starts_with('[')) return host.substr(0, host.find(':'));
    return host.substr(1, host.find(']') - 1);
}

}  // namespace

config::Issues exposure_issues(const config::Configuration& configuration) {
    config::Issues issues;
    const config::Value* listeners = configuration.root().find("listeners");
    if (listeners == nullptr || listeners->object() == nullptr) return issues;
    for (const config::Member& listener : *listeners->object()) {
        const config::Value* address = listener.value.find("address");
        if (address == nullptr || address->text() == nullptr || !is_reachable_by_others(*address->text()))
            continue;
        issues.push_back(
            {address->origin, "listeners." + listener.name + ".address",
             *address->text() + " can be reached from other machines, and nothing here says who connects",
             "a loopback address, such as 127.0.0.1 or [::1]",
             "listen on loopback, behind a proxy that authenticates"});
    }
    return issues;
}

bool is_own_host(std::string_view host, std::string_view listen_address) {
    if (host.empty()) return true;
    const std::string_view name = without_port(host);
    if (name.empty()) return false;
    if (net::equal_ignoring_case(name, "localhost") ||
        net::equal_ignoring_case(name, without_port(listen_address)))
        return true;
    Poco::Net::IPAddress address;
    return Poco::Net::IPAddress::tryParse(std::string(name), address) && address.isLoopback();
}

}  // namespace streamhost::app
