#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/configuration.hpp"

namespace streamhost::config {

// By plugin: the configuration that its running instance has its section from.
using Sections = std::map<std::string, std::shared_ptr<const Configuration>>;

// The problem: a configuration that was taken while the process runs is not all in force. What costs a
// restart waits for one, and a plugin may go on with its former section; whoever shows the new values as
// those that run misleads the one who looks for a fault.
//
// What is in force in a process that started with `started` and took `accepted` since: keys of cost "restart"
// as they were, all others as they are now, and of the plugins in `sections` what they have. The rest of
// plugins.* (those that do not run) is shown as accepted: it is what they would start with.
[[nodiscard]] Configuration in_force(const Configuration& started,
                                     const std::shared_ptr<const Configuration>& accepted,
                                     const Sections& sections);

}  // namespace streamhost::config
