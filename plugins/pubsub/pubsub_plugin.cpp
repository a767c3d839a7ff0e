// Glue: what is asked of pubsub and what the store says, to Streams and Topics.
#include <atomic>
#include <memory>
#include <string>

#include "streamhost/service/pubsub.hpp"

#include "admin_routes.hpp"
#include "streams.hpp"
#include "topics.hpp"

namespace pubsub {
namespace {

using streamhost::Config;
using streamhost::Failure;

constexpr std::uint64_t kTailCheckMs = 250;

class Pubsub : public streamhost::PubsubPlugin {
public:
    using PubsubPlugin::PubsubPlugin;

    void configure(const Config& config) override {
        options_.silence_ms = config.integer("tail_check_ms");
        options_.max_followed = static_cast<std::uint32_t>(config.integer("max_followed_streams"));
    }

    void start() override {
        streams_ = std::make_unique<Streams>(host(), options_);
        topics_ = std::make_unique<Topics>(host());
        if (const sh_status status =
                host().every(SH_ON_STORE, kTailCheckMs, [this] { streams_->check_tails(); });
            status != SH_OK)
            throw Failure(status, "no timer for the tail check");
        provide_pubsub();
        routes_.add(host(), host().expose(&kOperatorTable, this));
    }

    // Logs are closed where they are written; nothing may stand open that nobody feeds.
    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override {
        if (!told_) {
            // A queue that is full now is asked again at the next call.
            told_ = host().post(SH_ON_STORE, [this] {
                streams_->close();
                is_closed_ = true;
            }) == SH_OK;
        }
        return {is_closed_ ? 0u : 1u, "logs are being closed"};
    }

private:
    void follow(const std::string& stream, const sh_lease* events, sh_ticket ticket) override {
        streams_->follow(stream, events, ticket);
    }
    void unfollow(const std::string& stream, const sh_lease* events) override {
        streams_->unfollow(stream, events);
    }
    void publish(const std::string& topic, const std::string& payload, sh_ticket ticket) override {
        topics_->publish(topic, payload, ticket);
    }
    void subscribe(const std::string& topic, std::uint8_t pattern, const sh_lease* events,
                   sh_ticket ticket) override {
        topics_->subscribe(topic, pattern != 0, events, ticket);
    }
    void unsubscribe(const std::string& topic, std::uint8_t pattern, const sh_lease* events,
                     sh_ticket ticket) override {
        topics_->unsubscribe(topic, pattern != 0, events, ticket);
    }
    void records(std::string_view stream, std::span<const sh_record> records) override {
        streams_->records(stream, records);
    }
    void message(std::string_view pattern, std::string_view topic, std::string_view payload) override {
        topics_->message(pattern, topic, payload);
    }
    void link(bool up, std::uint64_t epoch) override { streams_->link(up, epoch); }

    static void list(void* self, sh_bytes home, std::uint32_t limit, sh_ticket ticket) noexcept {
        auto& plugin = *static_cast<Pubsub*>(self);
        plugin.host().guarded(ticket, [&] {
            const auto answer = [&plugin, of = std::string(streamhost::view(home)), limit, ticket] {
                const auto body = plugin.host().make_buffer(plugin.streams_->list(of, limit));
                sh_result result = streamhost::Host::make_result(SH_OK);
                result.body = body.get();
                plugin.host().complete(ticket, result);
            };
            plugin.host().on_store(ticket, answer);
        });
    }
    static constexpr OperatorTable kOperatorTable{&Pubsub::list};

    StreamsOptions options_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<Topics> topics_;
    AdminRoutes routes_;
    bool told_ = false;
    std::atomic<bool> is_closed_{false};
};

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "tail_check_ms": {"type": "integer", "default": 1000, "minimum": 250, "maximum": 60000, "x-unit": "ms",
      "description": "An open run that is silent for so long is compared with the store"},
    "max_followed_streams": {"type": "integer", "default": 200000, "minimum": 1, "maximum": 10000000,
      "description": "Streams that this node follows at once; over it subscribers hear unavailable"}
  }
})";

}  // namespace
}  // namespace pubsub

STREAMHOST_PLUGIN(pubsub::Pubsub, {.name = "pubsub",
                                   .version = "1.0.0",
                                   .summary = "This node's view of streams, and topics",
                                   .provides = pubsub::Pubsub::kProvides,
                                   .schema = pubsub::kSchema})
