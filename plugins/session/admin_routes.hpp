// What operators do with sessions over HTTP, on the admin listener: look who is there, and where, and close a
// session.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/svc/session.h"
#include "streamhost/http.hpp"

namespace session {

// The user whose sessions are asked for, empty for all. Throws Failure(SH_INVALID) for any other parameter: a
// typing error must not show all. Pure. [any]
[[nodiscard]] std::string user_of_query(std::string_view query);
// The id in /admin/v1/sessions/{id}/kick; nothing for another path. Pure. [any]
[[nodiscard]] std::optional<std::string> kicked_of_path(std::string_view path);

// What of this plugin is asked for over HTTP alone.
struct NodeTable {
    // SH_OK: body = what show_nodes() makes. [any]
    void (*nodes)(void* self, sh_ticket ticket);
};

class AdminRoutes {
public:
    // Both are this plugin's own tables. [control]
    void add(streamhost::Host& host, streamhost::Lease<sh_session> sessions,
             streamhost::Lease<NodeTable> nodes);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace session
