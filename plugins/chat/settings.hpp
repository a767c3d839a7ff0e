// The section plugins.chat as typed values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "streamhost/config.hpp"
#include "streamhost/host.hpp"

#include "provider.hpp"

namespace chat {

using Providers = std::map<std::string, std::shared_ptr<Provider>>;

struct Settings {
    std::string provider = "echo";
    std::uint32_t max_pending = 1'000;
    std::uint32_t context_messages = 20;
    std::uint32_t stop_margin_ms = 2'000;
    Providers providers;
};

// Throws Failure(SH_INVALID) naming the key. `host` is what providers log to. [control]
[[nodiscard]] Settings read_settings(const streamhost::Config& config, const streamhost::Host& host);

}  // namespace chat
