#pragma once

#include <string>
#include <string_view>

#include "bridge/http_job.hpp"

namespace streamhost::app {

class Node;

/// The calls of the admin listener about the configuration:
///
///   GET  /admin/v1/config           what is in force, where from, and what waits for a restart
///   GET  /admin/v1/config/diff      what reading the files again would change, and who would reconnect
///   POST /admin/v1/config/diff      the same for texts in their place
///   POST /admin/v1/config           has the node take its files: all of them or nothing
///   POST /admin/v1/config/rollback  back to what was accepted before
///
/// Secrets are masked in every answer. `user` is who calls, for the log; empty: nobody asked. [worker]
[[nodiscard]] bridge::HttpAnswer answer_config_call(Node& node, const bridge::HttpQuestion& question,
                                                    const std::string& user);

}  // namespace streamhost::app
