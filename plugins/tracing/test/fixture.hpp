// The plugin's parts with a real collector on loopback, and times that a test can wait for.
#pragma once

#include <string>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

#include "fake_collector.hpp"
#include "settings.hpp"

namespace tracing::testing {

class Bare : public streamhost::Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
};

inline Settings quick_settings(const FakeCollector& server) {
    Settings settings;
    settings.target = make_target(server.endpoint(), "", true);
    settings.interval = std::chrono::milliseconds(0);
    settings.timeout = std::chrono::milliseconds(5'000);
    settings.retry_for = std::chrono::milliseconds(5'000);
    return settings;
}

}  // namespace tracing::testing
