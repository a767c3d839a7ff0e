#pragma once

#include <memory>
#include <optional>

#include "app/store_settings.hpp"
#include "bridge/store_hub.hpp"
#include "observe/logging.hpp"
#include "observe/metrics.hpp"
#include "redis/client/client.hpp"
#include "runtime/loop.hpp"
#include "store/policy/policy_store.hpp"

namespace streamhost::app {

/// The driver that the configuration chose, what it stands on, and what operators see of the two. Outlives
/// the hub that uses its store.
class StoreBackend {
public:
    /// Gives the hub its store. [control], before the store loop runs. Throws std::runtime_error when a TLS
    /// file cannot be used.
    StoreBackend(const StoreSettings& settings, runtime::Loop& loop, bridge::StoreHub& hub);

    /// None for a store inside this process. [any]
    [[nodiscard]] std::optional<redis::ClientStats> link() const;

private:
    observe::Log log_{"store"};
    store::InProcessSink in_process_;  ///< what streams of the policy memory say
    std::unique_ptr<redis::Client> client_;
};

/// [any]
void collect_store(observe::Samples& out, const redis::ClientStats& link);

}  // namespace streamhost::app
