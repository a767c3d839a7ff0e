#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "app/store_settings.hpp"
#include "bridge/store_hub.hpp"
#include "observe/logging.hpp"
#include "observe/metrics.hpp"
#include "redis/client/client.hpp"
#include "redis/driver/context.hpp"
#include "redis/driver/trouble_filter.hpp"
#include "runtime/loop.hpp"
#include "store/policy/policy_store.hpp"

namespace streamhost::app {

/// The driver that the configuration chose, what it stands on, and what operators see of the two. Outlives
/// the hub that uses its store.
class StoreBackend {
public:
    /// Gives the hub its store. [control], before the store loop runs. Throws std::runtime_error when a TLS
    /// file cannot be used.
    StoreBackend(const StoreSettings& settings, runtime::Loop& loop, bridge::StoreHub& hub,
                 observe::Metrics& metrics);

    /// None for a store inside this process. [any]
    [[nodiscard]] std::optional<redis::ClientStats> link() const;
    /// Nothing for a store inside this process. [any]
    void collect(observe::Samples& out) const;

private:
    void measure(observe::Metrics& metrics, std::string_view command, std::int64_t took_ms);  // [store]

    observe::Log log_{"store"};
    std::map<std::string_view, observe::Histogram*> seconds_;  // by command, made when it is first used
    redis::KeeperBoard keeper_;
    redis::TroubleFilter troubles_;
    store::InProcessSink in_process_;  ///< what streams of the policy memory say
    std::unique_ptr<redis::Client> client_;
};

/// [any]
void collect_link(observe::Samples& out, const redis::ClientStats& link);
void collect_keeper(observe::Samples& out, std::string_view role_name, const redis::KeeperBoard& keeper);

}  // namespace streamhost::app
