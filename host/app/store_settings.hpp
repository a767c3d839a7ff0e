#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "redis/client/options.hpp"
#include "redis/driver/keeper.hpp"
#include "store/policy/policies.hpp"

namespace streamhost::app {

enum class StoreKind : std::uint8_t { kMemory = 1, kRedis, kRedisSentinel };

/// The section `store`, typed.
struct StoreSettings {
    StoreKind kind = StoreKind::kMemory;
    std::string kind_name = "memory";
    std::string key_prefix;
    store::Policies policies;  ///< none for kMemory, where no store can be away
    redis::KeeperOptions keeper;
    redis::ClientOptions client;  ///< without meaning for kMemory
    /// What the schema cannot say: a Sentinel store without Sentinels, passwords and certificates that cannot
    /// be read. With any of it the rest is not to be used.
    config::Issues issues;
};

/// Reads the files that are named in it. What only another kind of store uses is not looked at.
[[nodiscard]] StoreSettings read_store(std::shared_ptr<const config::Configuration> configuration);

}  // namespace streamhost::app
