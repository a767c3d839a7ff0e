#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/transport_hub.hpp"

namespace streamhost::bridge {

/// A request that owns its bytes, on its way from a loop (or the admin server) to a plugin's handler. [any]
struct HttpQuestion {
    std::uint32_t listener = SH_LISTENER_PUBLIC;
    std::string method;
    std::string path;
    std::string query;
    std::string peer;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< of clients with those of HeadFields
};

struct HttpAnswer {
    std::uint32_t status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

/// What a route of that method takes: GET takes HEAD, too; 0 for no method of a route. [any]
[[nodiscard]] net::HttpMethods methods_of(std::string_view name);

/// Why there is no other answer, as a problem document. [any]
[[nodiscard]] HttpAnswer problem(std::uint16_t status, std::string_view detail);

/// Calls the plugin's handler; what it throws or refuses becomes a problem document. Counts the answer.
/// [worker]
[[nodiscard]] HttpAnswer run_handler(House& house, const HttpRoute& route, const HttpQuestion& question);

/// The answer as response bytes.
[[nodiscard]] std::string to_response(const HttpAnswer& answer, bool is_head, bool keep_alive);

/// Carries a request to the short pool and its answer back to the connection, if that is still there. [loop]
void submit_http(House& house, LoopTransport& transport, net::Connection& connection,
                 std::shared_ptr<HttpRoute> route, const net::HttpHead& head, std::string_view body);

}  // namespace streamhost::bridge
