// What operators ask of a stream's readers on this node, over HTTP on the admin listener:
// GET /admin/v1/readers/STREAM.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "streamhost/http.hpp"

namespace recovery {

// Nothing for another path. Pure. [any]
[[nodiscard]] std::optional<std::string> stream_of_path(std::string_view path);

// What of this plugin is asked for over HTTP alone.
struct ReadersTable {
    // SH_OK: body = Subscriptions::describe(). [any]
    void (*readers)(void* self, sh_bytes stream, sh_ticket ticket);
};

class ReadersRoute {
public:
    // [control]
    void add(streamhost::Host& host, streamhost::Lease<ReadersTable> readers);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace recovery
