// Which streams this node follows, over HTTP on the admin listener.
#pragma once

#include <string>

#include "streamhost/abi/async.h"
#include "streamhost/http.hpp"

namespace pubsub {

inline constexpr std::uint32_t kMostListed = 1'000;

// What of this plugin is asked for over HTTP alone.
struct OperatorTable {
    // SH_OK: body = what Streams::list() makes; `home` empty: all. [any]
    void (*list)(void* self, sh_bytes home, std::uint32_t limit, sh_ticket ticket);
};

class AdminRoutes {
public:
    // `streams` is this plugin's own table. [control]
    void add(streamhost::Host& host, streamhost::Lease<OperatorTable> streams);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace pubsub
