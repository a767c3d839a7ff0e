// What operators do with sessions over HTTP, on the admin listener: look who is there, and where, and close a
// session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/svc/session.h"
#include "streamhost/http.hpp"

namespace session {

inline constexpr std::uint32_t kMaxListed = 1'000;

struct SessionQuery {
    std::string user;                  // whose sessions; empty: all
    std::uint32_t limit = kMaxListed;  // entries of the answer
};
// Throws Failure(SH_INVALID) for a parameter that is unknown, comes twice or is no number: a typing error
// must not show all. Pure. [any]
[[nodiscard]] SessionQuery session_query(std::string_view query);
// The id in /admin/v1/sessions/{id}/kick; nothing for another path. Pure. [any]
[[nodiscard]] std::optional<std::string> kicked_of_path(std::string_view path);

// What of this plugin is asked for over HTTP alone.
struct OperatorTable {
    // SH_OK: body = what show_nodes() makes. [any]
    void (*nodes)(void* self, sh_ticket ticket);
    // As sh_session.list, with at most `limit` entries. [any]
    void (*list)(void* self, sh_bytes user, std::uint32_t limit, sh_ticket ticket);
};

class AdminRoutes {
public:
    // Both are this plugin's own tables. [control]
    void add(streamhost::Host& host, streamhost::Lease<sh_session> sessions,
             streamhost::Lease<OperatorTable> operators);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace session
