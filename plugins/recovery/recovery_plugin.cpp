// Glue: the table of svc/recovery.h and the events of delivery and pubsub, carried to the store loop where
// Subscriptions lives.
#include <atomic>
#include <memory>
#include <string>

#include "streamhost/service_table.hpp"

#include "subscriptions.hpp"

namespace recovery {

using streamhost::Host;
using streamhost::view;

namespace {

class Recovery : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override {
        options_.page_bytes = static_cast<std::uint64_t>(config.integer("page_bytes"));
        options_.snapshot_over = static_cast<std::uint64_t>(config.integer("snapshot_over_entries"));
        options_.store_timeout_ms = static_cast<std::uint32_t>(config.integer("store_timeout_ms"));
    }

    void start() override {
        subscriptions_ =
            std::make_unique<Subscriptions>(host(), options_, host().expose(&kFollowEvents, this));
        const sh_delivery_events events = {sizeof(events), 0, this, &on_changed};
        const auto* delivery = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        if (const sh_status status = delivery->set_events(host().raw(), &events); status != SH_OK)
            throw streamhost::Failure(status, "delivery refused its event handler");
        if (const sh_status status = host().every(SH_ON_STORE, kRetryMs, [this] { subscriptions_->retry(); });
            status != SH_OK)
            throw streamhost::Failure(status, "no timer for streams that could not go on");
        host().provide(SH_SVC_RECOVERY, &kTable, this);
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
    static Recovery& of(void* self) { return *static_cast<Recovery*>(self); }

    static void on_changed(void* self, sh_connection reader, sh_bytes stream, std::uint32_t what,
                           sh_position sent) noexcept {
        of(self).host().guarded(
            0, [&] { of(self).subscriptions_->changed(reader, std::string(view(stream)), what, sent); });
    }
    static void on_records(void* self, sh_bytes stream, const sh_record* records,
                           std::uint32_t count) noexcept {
        of(self).host().guarded(0, [&] { of(self).subscriptions_->records(view(stream), {records, count}); });
    }

    void subscribe(const streamhost::SubscribeRequest& request, sh_ticket ticket) {
        subscriptions_->subscribe(request, ticket);
    }
    void unsubscribe(sh_connection reader, const std::string& stream, sh_ticket ticket) {
        subscriptions_->unsubscribe(reader, stream, ticket);
    }

    static constexpr sh_follow_events kFollowEvents = {sizeof(sh_follow_events), 0, &on_records};
    static constexpr sh_recovery kTable = {sizeof(sh_recovery), 0,
                                           streamhost::answered<&Recovery::subscribe>(),
                                           streamhost::answered<&Recovery::unsubscribe>()};

    SubscriptionsOptions options_;
    std::unique_ptr<Subscriptions> subscriptions_;
    bool told_ = false;
    std::atomic<bool> is_closed_{false};
};

constexpr const char* kProvides[] = {SH_SVC_RECOVERY, nullptr};
constexpr const char* kNeeds[] = {SH_SVC_STREAMCACHE, SH_SVC_PUBSUB, nullptr};
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

}  // namespace

}  // namespace recovery

STREAMHOST_PLUGIN(recovery::Recovery, {.name = "recovery",
                                       .version = "1.0.0",
                                       .summary = "Decides what a reader needs to hold the truth",
                                       .provides = recovery::kProvides,
                                       .needs = recovery::kNeeds,
                                       .schema = recovery::kSchema})
