#pragma once

#include <memory>
#include <set>
#include <string>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "control/catalogue.hpp"
#include "control/instance.hpp"

namespace streamhost::app {

/// The problem: what a schema cannot say (a key file that holds no key, a time that must be twice another)
/// only the plugin knows, and it says so when it starts: too late for whoever checks a file beforehand, and
/// for a reload that is to be taken whole or not at all.
///
/// So an instance of each plugin in `names` is created, given its section of `configuration`, and destroyed,
/// never started, and on a host of its own that runs nothing, counts nothing and leads nowhere. The contract
/// (abi/plugin.h) has create() and configure() do nothing outside the instance. What is not loaded is passed
/// over, and so is a plugin that wants more of a host than this one has. [control], or before there is a node
[[nodiscard]] config::Issues try_sections(const std::shared_ptr<const config::Configuration>& configuration,
                                          const control::Catalogue& catalogue,
                                          const std::set<std::string>& names);

/// The same for one plugin, in its own words.
[[nodiscard]] control::HookAnswer try_section(
    const std::shared_ptr<const config::Configuration>& configuration, const control::LoadedPlugin& plugin);

/// A plugin's refusal ("configure() answered SH_INVALID: plugins.auth.keys: no key is named") as an issue at
/// the key that it names, or at the section. Pure.
[[nodiscard]] config::Issue refusal_as_issue(const config::Configuration& configuration,
                                             const std::string& plugin, const std::string& text);

}  // namespace streamhost::app
