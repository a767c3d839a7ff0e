// Glue: the section, the WebSocket route and the encodings of protocol version 1; what messages mean is
// Client's.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/plugin.hpp"
#include "streamhost/websocket.hpp"

#include "client.hpp"
#include "encoder.hpp"
#include "event_encoder.hpp"
#include "http_door.hpp"
#include "origin.hpp"
#include "schema.hpp"

namespace gateway {

using streamhost::Connection;
using streamhost::Failure;

namespace {

constexpr std::uint32_t kSweepMs = 250;
constexpr std::uint32_t kLookMs = 500;
constexpr const char* kSubprotocols[] = {"streamhost.v1.json", nullptr};

class Gateway : public streamhost::Plugin, private streamhost::WebSocketHandler<Client, LoopClients> {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override {
        // Connections keep what their `welcome` told them: another section needs another instance.
        if (door_ != nullptr) throw Failure(SH_NEEDS_RESTART, "gateway takes its section at the start");
        const auto number = [&config](const char* key, std::uint32_t otherwise) {
            return static_cast<std::uint32_t>(config.integer(key, otherwise));
        };
        path_ = config.string("path", "/v1/ws");
        for (std::uint64_t index = 0; index < config.size("allowed_origins"); ++index)
            origins_.allowed.push_back(config.string("allowed_origins." + std::to_string(index)));
        limits_.heartbeat_ms = number("heartbeat_ms", limits_.heartbeat_ms);
        limits_.hello_ms = number("hello_timeout_ms", limits_.hello_ms);
        limits_.service_timeout_ms = number("service_timeout_ms", limits_.service_timeout_ms);
        limits_.streams = number("max_streams", limits_.streams);
        limits_.pending = number("max_pending", limits_.pending);
        needs_token_ = config.string("authentication", "none") == "required";
        origins_.asks_for_tokens = needs_token_;
        cookie_ = config.string("token_cookie", "");
        if (!cookie_.empty() && std::count(origins_.allowed.begin(), origins_.allowed.end(), "*") > 0)
            throw Failure(SH_INVALID,
                          "token_cookie with allowed_origins \"*\" would let any page act as its visitor");
    }

    void start() override {
        door_ = std::make_unique<Door>(host(), limits_, needs_token_);
        add_encoding("streamhost.v1.json", json_encoder(), door_->encoding);
        if (host().find<sh_exchange_ext>(SH_EXT_EXCHANGE) != nullptr) {
            add_encoding("streamhost.v1.events", event_encoder(), door_->event_encoding);
            http_ = std::make_unique<HttpDoor>(*door_, origins_, cookie_);
        }
        listen_to_store();
        for (std::uint32_t index = 0; index < host().loop_count(); ++index) {
            LoopClients& loop = *loops_.emplace_back(std::make_unique<LoopClients>(*door_));
            if (host().every(SH_ON_LOOP(index), kSweepMs,
                             [&] { loop.sweep(host().monotonic_ms(), host().wall_ms()); }) != SH_OK)
                throw Failure(SH_BUSY, "no timer for late clients");
        }
        look();
        if (host().every(SH_ON_SHORT, kLookMs, [this] { look(); }) != SH_OK)
            throw Failure(SH_BUSY, "no timer for the look at what is needed");
        sh_websocket_route route{};
        route.path = path_.c_str();
        route.heartbeat_ms = limits_.heartbeat_ms;
        route.subprotocols = kSubprotocols;
        route.max_message_bytes = limits_.message_bytes;
        route.too_large_code = 4413;
        serve(host(), route);
        if (http_ != nullptr) http_->serve_all();
    }

    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override {
        const std::uint32_t left = door_->pending.load(std::memory_order_relaxed);
        return {left, left == 0 ? "" : std::to_string(left) + " requests wait for their answer"};
    }

    void* loop_start(std::uint32_t loop) override { return loops_.at(loop).get(); }

private:
    // Not ready: others can serve whom this node would turn away, and a rollout of what it lacks stops here.
    void look() {
        const bool can = door_->can_welcome();
        if (std::exchange(can_welcome_, can) == can) return;
        if (can) {
            host().info("clients are welcomed again");
            return host().set_health("welcome", SH_HEALTH_OK);
        }
        const char* const why =
            needs_token_ ? "every hello is answered with unavailable: it needs session, recovery and auth"
                         : "every hello is answered with unavailable: it needs session and recovery";
        host().warn(why);
        host().set_health("welcome", SH_HEALTH_DOWN, why);
    }
    // What `welcome` says of it; a host without a store has none that could be away.
    void listen_to_store() {
        const auto* store = host().find<sh_store_ext>(SH_EXT_STORE);
        if (store == nullptr) return;
        const auto link = [](void* self, std::uint8_t up, std::uint64_t /*epoch*/) noexcept {
            static_cast<Gateway*>(self)->door_->is_store_up.store(up != 0, std::memory_order_relaxed);
        };
        const sh_store_events events = {sizeof(events), 0, this, nullptr, nullptr, link};
        if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
            throw Failure(status, "the store refused its event handler");
    }
    void add_encoding(const char* name, const sh_encoder& encoder, sh_handle& out) {
        const auto* delivery = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        const sh_status status = delivery->add_encoding(host().raw(), name, &encoder, &out);
        if (status != SH_OK) throw Failure(status, "delivery refused the encoding");
    }

    std::unique_ptr<Client> open(LoopClients* loop, Connection connection,
                                 const streamhost::OpenInfo& info) override {
        if (!is_allowed_origin(info.header("origin"), asked_of(info), origins_)) {
            connection.close(4403,
                             "pages of this origin may not connect; see plugins.gateway.allowed_origins");
            return nullptr;
        }
        const BroughtToken brought = token_of(info);
        if (brought.is_ambiguous) {
            connection.close(4401, "the header and the cookie of this upgrade bring different tokens");
            return nullptr;
        }
        const std::string address(address_of(info.peer()));
        const sh_rate_subject subject{sizeof(subject), SH_RATE_CONNECT, streamhost::bytes(address), {}, {}};
        const auto too_many = [&] {
            door_->telemetry.error("rate_limited");
            connection.close(4429, "too many connections from this address");
            return nullptr;
        };
        if (door_->services.take(subject, 1) > 0) return too_many();
        const auto entered = door_->services.enter(address, "");
        if (entered.wait_ms > 0) return too_many();
        auto client =
            std::make_unique<Client>(*loop, connection, address, entered.by, std::string(brought.token));
        if (door_->tracer.is_on())
            client->brings_trace(info.header("traceparent"), info.header("tracestate"));
        return client;
    }
    // A cookie comes along from any page that its user visits: only pages that say who they are, and may
    // connect.
    [[nodiscard]] BroughtToken token_of(const streamhost::OpenInfo& info) const {
        if (!needs_token_) return {};
        const std::string_view name = info.header("origin").empty() ? std::string_view() : cookie_;
        return brought_token(info.header("authorization"), info.header("cookie"), name);
    }
    void message(LoopClients* /*loop*/, Client& client, Connection /*connection*/, bool binary,
                 std::string_view data) override {
        client.message(binary, data);
    }
    void drain(LoopClients* /*loop*/, Client& client, Connection /*connection*/,
               std::uint32_t reconnect_after_ms) override {
        client.drain(reconnect_after_ms);
    }

    bool can_welcome_ = true;  // as health was told
    bool needs_token_ = false;
    std::string cookie_;
    std::string path_;
    OriginRules origins_;
    Limits limits_;
    std::unique_ptr<Door> door_;
    std::vector<std::unique_ptr<LoopClients>> loops_;
    std::unique_ptr<HttpDoor> http_;  // none with a host that has no exchanges
};

constexpr const char* kUses[] = {SH_SVC_SESSION, SH_SVC_RECOVERY,  SH_SVC_CHAT,    SH_SVC_STREAMCACHE,
                                 SH_SVC_AUTH,    SH_SVC_RATELIMIT, SH_SVC_TRACING, nullptr};

}  // namespace
}  // namespace gateway

STREAMHOST_PLUGIN(gateway::Gateway,
                  {.name = "gateway",
                   .version = "1.0.0",
                   .summary = "Protocol version 1 over WebSocket, server-sent events and HTTP",
                   .uses = gateway::kUses,
                   .schema = gateway::kSchema})
