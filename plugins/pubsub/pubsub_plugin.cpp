// Glue: the table of svc/pubsub.h and the store's events, carried to the store loop where Streams and Topics
// live.
#include <atomic>
#include <memory>
#include <string>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/service_table.hpp"

#include "streams.hpp"
#include "topics.hpp"

namespace pubsub {
namespace {

using streamhost::Config;
using streamhost::Failure;
using streamhost::view;

constexpr std::uint64_t kTailCheckMs = 250;

class Pubsub : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const Config& config) override {
        options_.silence_ms = config.integer("tail_check_ms");
        options_.max_followed = static_cast<std::uint32_t>(config.integer("max_followed_streams"));
    }

    void start() override {
        streams_ = std::make_unique<Streams>(host(), options_);
        topics_ = std::make_unique<Topics>(host());
        const sh_store_events events = {sizeof(events), 0, this, &on_records, &on_topic, &on_link};
        const auto* store = host().require<sh_store_ext>(SH_EXT_STORE);
        if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
            throw Failure(status, "the store refused its event handler");
        if (const sh_status status =
                host().every(SH_ON_STORE, kTailCheckMs, [this] { streams_->check_tails(); });
            status != SH_OK)
            throw Failure(status, "no timer for the tail check");
        host().provide(SH_SVC_PUBSUB, &kTable, this);
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
    static Pubsub& of(void* self) { return *static_cast<Pubsub*>(self); }

    static void on_records(void* self, sh_bytes stream, const sh_record* records,
                           std::uint32_t count) noexcept {
        of(self).host().guarded(0, [&] { of(self).streams_->records(view(stream), {records, count}); });
    }
    static void on_topic(void* self, sh_bytes pattern, sh_bytes topic, sh_bytes payload) noexcept {
        of(self).host().guarded(
            0, [&] { of(self).topics_->message(view(pattern), view(topic), view(payload)); });
    }
    static void on_link(void* self, std::uint8_t up, std::uint64_t epoch) noexcept {
        of(self).host().guarded(0, [&] { of(self).streams_->link(up != 0, epoch); });
    }

    void follow(const std::string& stream, const sh_lease* events, sh_ticket ticket) {
        streams_->follow(stream, events, ticket);
    }
    void unfollow(const std::string& stream, const sh_lease* events) { streams_->unfollow(stream, events); }
    void publish(const std::string& topic, const std::string& payload, sh_ticket ticket) {
        topics_->publish(topic, payload, ticket);
    }
    void subscribe(const std::string& topic, std::uint8_t pattern, const sh_lease* events, sh_ticket ticket) {
        topics_->subscribe(topic, pattern != 0, events, ticket);
    }
    void unsubscribe(const std::string& topic, std::uint8_t pattern, const sh_lease* events,
                     sh_ticket ticket) {
        topics_->unsubscribe(topic, pattern != 0, events, ticket);
    }

    static constexpr sh_pubsub kTable = {sizeof(sh_pubsub),
                                         0,
                                         streamhost::answered<&Pubsub::follow>(),
                                         streamhost::told<&Pubsub::unfollow>(),
                                         streamhost::answered<&Pubsub::publish>(),
                                         streamhost::answered<&Pubsub::subscribe>(),
                                         streamhost::answered<&Pubsub::unsubscribe>()};

    StreamsOptions options_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<Topics> topics_;
    bool told_ = false;
    std::atomic<bool> is_closed_{false};
};

constexpr const char* kProvides[] = {SH_SVC_PUBSUB, nullptr};
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
                                   .provides = pubsub::kProvides,
                                   .schema = pubsub::kSchema})
