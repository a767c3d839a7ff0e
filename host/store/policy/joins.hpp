#pragma once
// Two commands look into both stores at once: they wait for both answers and give one.

#include <functional>

#include "store/jobs.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

/// The ids that are `ours` are asked of `node`, the others of `durable`; items in the order of the request.
/// Anything but kOk of either is the answer. [store]
[[nodiscard]] Submit tail_of_both(const TailRequest& request,
                                  const std::function<bool(std::string_view)>& is_ours, StreamCommands& node,
                                  StreamCommands& durable, StreamListDone done);

/// What is due in `node` first, then what `durable` has up to `max` in all. A `durable` that is away takes
/// nothing from what `node` has: only if that is nothing, its refusal is the answer. [store]
[[nodiscard]] Submit open_take_of_both(const OpenTakeRequest& request, JobCommands& node,
                                       JobCommands& durable, OpenDone done);

}  // namespace streamhost::store
