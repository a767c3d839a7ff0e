// Glue: what is asked of recovery, and what delivery and pubsub say, to Subscriptions.
#include <atomic>
#include <memory>
#include <string>

#include "streamhost/abi/ext/store.h"
#include "streamhost/service/recovery.hpp"

#include "readers_route.hpp"
#include "subscriptions.hpp"

namespace recovery {

namespace {

class Recovery : public streamhost::RecoveryPlugin {
public:
    using RecoveryPlugin::RecoveryPlugin;

    void configure(const streamhost::Config& config) override {
        options_.page_bytes = static_cast<std::uint64_t>(config.integer("page_bytes"));
        options_.snapshot_over = static_cast<std::uint64_t>(config.integer("snapshot_over_entries"));
        options_.store_timeout_ms = static_cast<std::uint32_t>(config.integer("store_timeout_ms"));
    }

    void start() override {
        subscriptions_ = std::make_unique<Subscriptions>(host(), options_, follow_events());
        if (const sh_status status = host().every(SH_ON_STORE, kRetryMs, [this] { subscriptions_->retry(); });
            status != SH_OK)
            throw streamhost::Failure(status, "no timer for streams that could not go on");
        listen_to_store();
        provide_recovery();
        route_.add(host(), host().expose(&kReadersTable, this));
    }

    // Its readers are closed by the host; what is followed for them has to be given back.
    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override {
        if (!told_) {
            // A queue that is full now is asked again at the next call.
            told_ = host().post(SH_ON_STORE, [this] {
                subscriptions_->close();
                is_closed_ = true;
            }) == SH_OK;
        }
        return {is_closed_ ? 0u : 1u, "subscriptions are given back"};
    }

private:
    void subscribe(const streamhost::SubscribeRequest& request, sh_ticket ticket) override {
        subscriptions_->subscribe(request, ticket);
    }
    void unsubscribe(sh_connection reader, const std::string& stream, sh_ticket ticket) override {
        subscriptions_->unsubscribe(reader, stream, ticket);
    }
    void changed(sh_connection reader, const std::string& stream, std::uint32_t what,
                 sh_position sent) override {
        subscriptions_->changed(reader, stream, what, sent);
    }
    void records(std::string_view stream, std::span<const sh_record> records) override {
        subscriptions_->records(stream, records);
    }

    void listen_to_store() {
        const auto* store = host().find<sh_store_ext>(SH_EXT_STORE);
        if (store == nullptr) return;  // then another streamcache keeps the streams elsewhere
        const auto link = [](void* self, std::uint8_t up, std::uint64_t epoch) noexcept {
            static_cast<Recovery*>(self)->subscriptions_->link(up != 0, epoch);
        };
        const sh_store_events events = {sizeof(events), 0, this, nullptr, nullptr, link};
        if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
            throw streamhost::Failure(status, "the store refused its event handler");
    }

    static void readers(void* self, sh_bytes stream, sh_ticket ticket) {
        auto& plugin = *static_cast<Recovery*>(self);
        plugin.host().guarded(ticket, [&] {
            plugin.host().on_store(ticket, [&plugin, id = std::string(streamhost::view(stream)), ticket] {
                const streamhost::Buffer body =
                    plugin.host().make_buffer(plugin.subscriptions_->describe(id));
                sh_result answer = streamhost::Host::make_result(SH_OK);
                answer.body = body.get();
                plugin.host().complete(ticket, answer);
            });
        });
    }
    static constexpr ReadersTable kReadersTable = {&Recovery::readers};

    SubscriptionsOptions options_;
    std::unique_ptr<Subscriptions> subscriptions_;
    ReadersRoute route_;
    bool told_ = false;
    std::atomic<bool> is_closed_{false};
};

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "page_bytes": {"type": "integer", "default": 1048576, "minimum": 4096, "maximum": 16777216, "x-unit": "bytes",
      "description": "What a reader that is behind gets at a time"},
    "snapshot_over_entries": {"type": "integer", "default": 20000, "minimum": 1, "maximum": 100000,
      "description": "A reader further behind than that gets a snapshot instead of a replay"},
    "store_timeout_ms": {"type": "integer", "default": 5000, "minimum": 100, "maximum": 60000, "x-unit": "ms",
      "description": "After that a subscribe is answered with timeout"}
  }
})";

constexpr const char* kUses[] = {SH_SVC_TRACING, nullptr};

}  // namespace

}  // namespace recovery

STREAMHOST_PLUGIN(recovery::Recovery, {.name = "recovery",
                                       .version = "1.0.0",
                                       .summary = "Decides what a reader needs to hold the truth",
                                       .provides = recovery::Recovery::kProvides,
                                       .needs = recovery::Recovery::kNeeds,
                                       .uses = recovery::kUses,
                                       .schema = recovery::kSchema})
