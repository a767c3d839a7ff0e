#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "streamhost/abi/ext/node.h"
#include "streamhost/abi/role.h"
#include "streamhost/bytes.hpp"

#include "control/instance.hpp"
#include "control/quiescence.hpp"
#include "control/service_registry.hpp"
#include "control/tickets.hpp"
#include "observe/logging.hpp"
#include "observe/metrics.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop_group.hpp"
#include "runtime/worker_pool.hpp"
#include "store/store.hpp"

namespace streamhost::bridge {

class DeliveryHub;
class HttpHub;
class StoreHub;
class TransportHub;

/// Who says so. Of two generations of a plugin the newer one is listed later, and each takes its own word
/// along.
struct HealthKey {
    std::string plugin;
    std::string component;
    std::uint64_t instance = 0;
    friend auto operator<=>(const HealthKey&, const HealthKey&) = default;
};

/// What plugins showed of themselves, for the report.
struct ComponentHealth {
    std::uint32_t state = SH_HEALTH_OK;
    std::string detail;
};

/// Everything that the functions given to plugins reach, filled in by the composition root before the first
/// plugin is created and kept until the last one is gone. `sh_host.self` leads to an Instance, its context()
/// here.
struct House {
    House(const runtime::Clock& with_clock, runtime::LoopGroup& with_loops, runtime::Loop& with_control_loop,
          runtime::WorkerPool& with_short_pool, runtime::WorkerPool& with_long_pool,
          observe::Metrics& with_metrics, control::ServiceRegistry& with_services,
          control::Tickets& with_tickets)
        : clock(with_clock),
          loops(with_loops),
          control_loop(with_control_loop),
          short_pool(with_short_pool),
          long_pool(with_long_pool),
          metrics(with_metrics),
          services(with_services),
          tickets(with_tickets) {}

    const runtime::Clock& clock;
    runtime::LoopGroup& loops;
    runtime::Loop& control_loop;
    runtime::WorkerPool& short_pool;
    runtime::WorkerPool& long_pool;
    observe::Metrics& metrics;
    control::ServiceRegistry& services;
    control::Tickets& tickets;

    StoreHub* store = nullptr;
    DeliveryHub* delivery = nullptr;
    TransportHub* transport = nullptr;
    HttpHub* http = nullptr;

    std::string node_id;
    std::string server_name;
    std::string incarnation;  ///< of the process: ext/node.h
    std::atomic<std::uint32_t> phase{SH_NODE_STARTING};
    std::function<std::string()> report;  ///< [worker] JSON of the whole node

    std::mutex health_mutex;
    std::map<HealthKey, ComponentHealth> health;  ///< guarded by health_mutex

    /// [any] The pen of a plugin: "plugin.<name>".
    [[nodiscard]] observe::Log log_of(const control::Instance& instance);

private:
    std::shared_mutex logs_mutex_;
    std::unordered_map<std::string, observe::Log> logs_;  // guarded by logs_mutex_
};

[[nodiscard]] inline House& house_of(const sh_host* host) {
    return *static_cast<House*>(control::Instance::of(host).context());
}

/// With one loop, loop and store are one thread; a callback acts in one of the roles only, so that a mistake
/// shows there, too.
[[nodiscard]] inline runtime::RoleScope role_of(sh_target target) {
    using runtime::Role;
    switch (target) {
    case SH_ON_CONTROL: return runtime::RoleScope(Role::control);
    case SH_ON_STORE: return runtime::RoleScope(Role::store);
    case SH_ON_SHORT: return runtime::RoleScope(Role::worker_short);
    case SH_ON_LONG: return runtime::RoleScope(Role::worker_long);
    default: return runtime::RoleScope(Role::loop, static_cast<std::uint16_t>(target - SH_ON_LOOP_0));
    }
}

/// The extension of that id, or NULL: Instance::Offer::extension. [any]
[[nodiscard]] const void* find_extension(const sh_host* host, const char* id);

/// What a plugin's record of an acquired thing answers when the list takes no more.
[[nodiscard]] sh_status status_of(control::OwnedHandles::Refusal refusal);

}  // namespace streamhost::bridge
