// The section plugins.chat as typed values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "streamhost/config.hpp"
#include "streamhost/host.hpp"

#include "provider.hpp"
#include "remote_terms.hpp"

namespace chat {

using Providers = std::map<std::string, std::shared_ptr<Provider>>;

// This node takes runs from a queue and produces them.
struct WorkerSettings {
    bool enabled = false;
    std::string queue = "runs";
    std::uint32_t max_runs = 64;
    std::string name;      // empty: the node's id
    std::string provider;  // who produces; never a remote one
};

struct Settings {
    std::string provider = "echo";
    std::uint32_t max_pending = 1'000;
    std::uint32_t context_messages = 20;
    std::uint32_t stop_margin_ms = 2'000;
    Providers providers;
    std::map<std::string, RemoteTerms> remotes;  // providers whose runs are produced by workers
    WorkerSettings worker;

    [[nodiscard]] bool has_provider(const std::string& name) const {
        return providers.contains(name) || remotes.contains(name);
    }
};

// Throws Failure(SH_INVALID) naming the key. `host` is what providers log to. [control]
[[nodiscard]] Settings read_settings(const streamhost::Config& config, const streamhost::Host& host);

}  // namespace chat
