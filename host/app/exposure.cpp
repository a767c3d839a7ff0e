#include "app/exposure.hpp"

#include <Poco/Exception.h>

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

}  // namespace streamhost::app
