#pragma once

#include <string>
#include <string_view>

#include "app/settings.hpp"
#include "config/configuration.hpp"
#include "config/issue.hpp"

namespace streamhost::app {

/// The problem: without tokens whoever connects may read and write everything. One address typed wrong must
/// not open that to a network.
///
/// An issue for each listener that others than this machine can reach and that asks nobody who they are, and
/// one where the plugin auth is on and the gateway does not ask it. Addresses that do not parse are somebody
/// else's issue: opening them fails with the reason.
[[nodiscard]] config::Issues exposure_issues(const config::Configuration& configuration);

/// The same, of a change while the host runs: its addresses, and what its admin listener asks for, stay until
/// it is started anew, whatever `changed` says of them.
[[nodiscard]] config::Issues exposure_issues(const Settings& running, const config::Configuration& changed);

/// The same, of a plugin that is switched without a change of its section. Empty: it may be; else why not.
[[nodiscard]] std::string why_not_switched(const Settings& running, std::string_view plugin, bool enable);

/// The problem: any page may give a name of its own the address 127.0.0.1 (DNS rebinding); its browser then
/// lets it read what a loopback listener answers. But it says that name in Host.
///
/// Whether `host`, the value of a Host field, leads to the listener without anybody's name server: a loopback
/// address, localhost, or the host of `listen_address` as it was configured. Yes for none: browsers send one.
/// Pure.
[[nodiscard]] bool is_own_host(std::string_view host, std::string_view listen_address);

}  // namespace streamhost::app
