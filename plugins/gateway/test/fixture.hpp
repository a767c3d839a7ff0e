// The whole plugin on a fake host: sockets, services and time are the test's.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/ext/limits.h"
#include "streamhost/abi/ext/store.h"
#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_websocket.hpp"

#include "fake_services.hpp"

extern "C" const sh_entry streamhost_plugin_entry;

namespace gateway::testing {

using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using streamhost::testing::FakeWebSocket;

inline constexpr std::int64_t kPendingLimit = 3;
inline constexpr std::int64_t kHelloMs = 2'000;
inline constexpr const char* kJoined = R"({"session":"trip","affinity":"key-7","created":1,"last_node":""})";

class GatewayPlugin : public ::testing::Test {
protected:
    using Keys = std::vector<std::pair<const char*, std::string>>;
    GatewayPlugin() : GatewayPlugin(Keys()) {}
    explicit GatewayPlugin(const Keys& keys) {
        delivery.struct_size = sizeof(delivery);
        delivery.add_encoding = [](const sh_host*, const char*, const sh_encoder*,
                                   sh_handle* out) -> sh_status {
            *out = 1;
            return SH_OK;
        };
        host.extend(SH_EXT_DELIVERY, &delivery);
        limits.struct_size = sizeof(limits);
        limits.websocket = &limits_of;
        host.extend(SH_EXT_LIMITS, &limits);
        store.struct_size = sizeof(store);
        store.set_events = [](const sh_host*, const sh_store_events* events) -> sh_status {
            store_events = *events;
            return SH_OK;
        };
        host.extend(SH_EXT_STORE, &store);
        host.create(streamhost_plugin_entry);
        FakeConfig config;
        for (const auto& [key, value] : keys)
            config.set(key, value);
        config.set("max_pending", kPendingLimit).set("hello_timeout_ms", kHelloMs);
        EXPECT_EQ(host.configure(config), SH_OK) << host.error.text;
        EXPECT_EQ(host.start(), SH_OK) << host.error.text;
    }
    static sh_status limits_of(sh_connection /*connection*/, sh_websocket_limits* out) {
        out->heartbeat_ms = 20'000;
        out->message_bytes = 4'096;
        return SH_OK;
    }
    ~GatewayPlugin() override {
        sockets.leave_all();
        services.let_time_out();
        EXPECT_EQ(host.drain(0), 0u) << "requests are still counted after every client left";
        host.stop();
        host.destroy();
    }

    sh_connection connect() { return sockets.open("/v1/ws"); }
    void say(sh_connection client, const std::string& text) {
        sockets.say(client, text);
        host.run();
    }
    // Connected, and said hello; nothing is answered yet.
    sh_connection greet(const std::string& more = "") {
        const sh_connection client = connect();
        say(client, R"({"type":"hello","id":1,"session":"trip")" + more + "}");
        return client;
    }
    // What the host's store says of itself.
    void store_is(bool up) { store_events.link(store_events.self, up ? 1 : 0, 1); }
    // Open, with all events so far forgotten by the caller: `from` counts them.
    sh_connection join() {
        const sh_connection client = greet();
        services.answer(services.take("join"), SH_OK, kJoined);
        services.answer(services.take("subscribe"), SH_OK);
        return client;
    }
    [[nodiscard]] const FakeWebSocket::Peer& peer(sh_connection client) const { return sockets.peer(client); }
    [[nodiscard]] std::vector<std::string> events_from(sh_connection client, std::size_t first) const {
        const auto& events = peer(client).events;
        return {events.begin() + static_cast<std::ptrdiff_t>(first), events.end()};
    }

    static inline sh_store_events store_events{};
    sh_store_ext store{};
    sh_delivery_ext delivery{};
    sh_limits_ext limits{};
    FakeHost host;
    FakeWebSocket sockets{host};
    FakeServices services{host};
};

}  // namespace gateway::testing
