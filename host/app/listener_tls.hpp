#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "net/tls_context.hpp"

namespace streamhost::app {

/// Of the public listeners that speak TLS, by name. Whoever is not in it speaks in clear.
using TlsContexts = std::map<std::string, std::shared_ptr<net::TlsServerContext>, std::less<>>;

/// `listeners.NAME.tls` of all public listeners; what cannot be used is an issue and not in the list: with
/// issues, none of it may listen. The files are read anew each time. [any]
struct ListenerTls {
    TlsContexts contexts;
    config::Issues issues;
};
[[nodiscard]] ListenerTls read_listener_tls(
    const std::shared_ptr<const config::Configuration>& configuration);

}  // namespace streamhost::app
