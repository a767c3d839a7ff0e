// A report as the host writes it.
#pragma once

#include <string>

namespace health::testing {

struct ReportOptions {
    std::string phase = "running";
    std::string connections = "3";
    std::string stuck_ms = "0";
    std::string store = R"({"kind":"memory","state":"ok"})";
    std::string chat = R"({"enabled":true,"state":"started"})";
};

inline std::string report(const ReportOptions& options = {}) {
    return R"({"nodeId":"n1","server":"streamhost/0.1.0","phase":")" + options.phase +
           R"(","uptime_ms":61000,"connections":)" + options.connections +
           R"(,"websockets":2,"connection_limit":100,"loops":[{"name":"loop-0","rounds":7,"lag_ms":0.5,"stuck_ms":0},)"
           R"({"name":"store","rounds":9,"lag_ms":1,"stuck_ms":)" +
           options.stuck_ms +
           R"(}],"transports":{"public":{"address":"127.0.0.1:8080","websocket":"on","http":"on"}},"store":)" +
           options.store + R"(,"plugins":{"chat":)" + options.chat +
           R"(,"echo":{"enabled":false,"state":"loaded"}}})";
}

}  // namespace health::testing
