#pragma once

#include <functional>

#include "streamhost/abi/role.h"

#include "runtime/task.hpp"

namespace streamhost::control {

/// The problem: on a loop, entering a service costs one read and leaves no trace, so nobody can count who is
/// still inside. But nothing that runs on a loop outlives its round.
///
/// Says when every I/O loop and the store loop has ended the round that it was in at the time of the call:
/// from then on none of them is inside anything that was closed before the call.
class Quiescence {
public:
    virtual ~Quiescence() = default;
    /// [control] Calls `quiet` once, on any thread, with all that the loops did before made visible.
    virtual void when_quiet(runtime::Task quiet) = 0;
};

/// [any] Puts the host's own work on a target: never inside the call and never refused for lack of room.
/// False only when the target has ended for good.
using Post = std::function<bool(sh_target target, runtime::Task&& task)>;

}  // namespace streamhost::control
