#pragma once

#include <string_view>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "net/proxy_rules.hpp"

namespace streamhost::app {

/// The problem: an address that a proxy says counts for limits and stands in logs, so one network typed wrong
/// lets anybody be anybody.
///
/// What of `listeners.NAME.trusted_proxies` and `proxy_protocol` the schema cannot say: entries that are no
/// addresses, and a protocol that nobody may speak.
[[nodiscard]] config::Issues proxy_issues(const config::Configuration& configuration);

/// Of one listener; without issues. nullptr: it believes nobody.
[[nodiscard]] net::ProxyRulesPtr proxy_rules(const config::Configuration& configuration,
                                             std::string_view listener);

}  // namespace streamhost::app
