// What the host reports of this node, read. Pure. [any]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace health {

struct LoopFacts {
    std::string name;
    double stuck_ms = 0;  // how long its present round has been running
};

struct ComponentFacts {
    std::string name;
    std::string state;  // ok, degraded, down
    std::string detail;
};

struct PluginFacts {
    std::string name;
    std::string state;
    std::string reason;
    bool is_wanted = false;
    std::vector<ComponentFacts> components;
};

struct Facts {
    bool is_readable = false;
    std::string node;
    std::string server;
    std::string phase;
    std::uint64_t uptime_ms = 0;
    std::uint64_t connections = 0;
    std::uint64_t websockets = 0;
    std::uint64_t connection_limit = 0;
    std::vector<LoopFacts> loops;
    std::vector<PluginFacts> plugins;
    std::string store_kind;
    std::string store_state;
    std::string store_reason;       // why it is not ok; empty: the host does not know
    std::string store_refusal;      // writes that it refuses while it is ok, and why; empty: none
    bool was_store_reached = true;  // since the process began; an older host does not say
    // As the host wrote them, for operators.
    std::string loops_json = "[]";
    std::string transports_json = "{}";
    std::string plugins_json = "{}";
    std::string store_json = "{}";
};

// The report of ext/node.h. A member that is missing keeps its default.
[[nodiscard]] Facts read_report(std::string_view json);

}  // namespace health
