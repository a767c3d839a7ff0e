#pragma once

#include <iosfwd>

#include "app/admin_client.hpp"

namespace streamhost::app {

/// `streamhost drain`: has the running node send its clients away, as SIGTERM does, and stay. Returns at once
/// (a hook in front of SIGTERM must not spend the time that the process needs), or with `wait` when no client
/// and no answer is left there, saying how far it is meanwhile. 0: it does; 1: it could not be asked, or
/// stopped answering. [any] Blocks, ten seconds for an answer at the most.
int drain_node(const AdminAccess& access, bool wait, std::ostream& out, std::ostream& err);

}  // namespace streamhost::app
