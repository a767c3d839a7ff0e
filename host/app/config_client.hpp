#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "app/admin_client.hpp"

namespace streamhost::app {

/// The problem: who changes a configuration at three in the morning wants sentences, not JSON, and an exit
/// code.
///
/// Each asks the running node and says what it answered. 0: done, or told; 1: it could not be asked, or not
/// now; 2: it refuses the configuration, or went back to the former one. [any] Blocks, ten seconds for an
/// answer at the most, and a minute for plugins to follow.
///
/// What the node would change if it read its files again; with `files`, these texts in their place.
int show_config_diff(const AdminAccess& access, const std::vector<std::string>& files, std::ostream& out,
                     std::ostream& err);
/// Has it take its files.
int apply_config(const AdminAccess& access, bool restart_plugins, std::ostream& out, std::ostream& err);
/// Has it go back to what it had before.
int roll_back_config(const AdminAccess& access, std::ostream& out, std::ostream& err);

}  // namespace streamhost::app
