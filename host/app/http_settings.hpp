#pragma once

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "net/http_policy.hpp"

namespace streamhost::app {

/// The problem: one line of `http` typed wrong opens every answer to every page, or breaks the lines of all.
///
/// What of the section `http` the schema cannot say: names of fields, names that belong to the host or to
/// `http.cors`, origins that are none, credentials for all.
[[nodiscard]] config::Issues http_issues(const config::Configuration& configuration);

/// The section, read; without issues.
[[nodiscard]] net::HttpPolicyPtr http_policy(const config::Configuration& configuration);

}  // namespace streamhost::app
