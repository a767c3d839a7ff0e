// A recovery of your own: derive from RecoveryPlugin and write what a reader gets.
//
// Call provide_recovery() in start(), after everything that changed() and records() need. All members run on
// the store loop.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/service/recovery_requests.hpp"
#include "streamhost/service_table.hpp"

namespace streamhost {

class RecoveryPlugin : public Plugin {
public:
    using Plugin::Plugin;
    static constexpr const char* kProvides[] = {SH_SVC_RECOVERY, nullptr};
    static constexpr const char* kNeeds[] = {SH_SVC_STREAMCACHE, SH_SVC_PUBSUB, nullptr};

protected:
    // [control]
    void provide_recovery() {
        delivery_ = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        streamcache_ = host().acquire<sh_streamcache>(SH_SVC_STREAMCACHE);
        pubsub_ = host().acquire<sh_pubsub>(SH_SVC_PUBSUB);
        (void)follow_events();
        const sh_delivery_events events = {sizeof(events), 0, this, &on_changed};
        if (const sh_status status = delivery_->set_events(host().raw(), &events); status != SH_OK)
            throw Failure(status, "delivery refused its event handler");
        host().provide(SH_SVC_RECOVERY, &kTable, this);
    }
    [[nodiscard]] const sh_delivery_ext* delivery() const noexcept { return delivery_; }
    // What leads to records(), for whoever follows without follow(). First in start(). [control]
    [[nodiscard]] const Lease<sh_follow_events>& follow_events() {
        if (follow_events_.get() == nullptr) follow_events_ = host().expose(&kFollowEvents, this);
        return follow_events_;
    }

    // See svc/recovery.h for what each promises.
    virtual void subscribe(const SubscribeRequest& request, sh_ticket ticket) = 0;
    virtual void unsubscribe(sh_connection reader, const std::string& stream, sh_ticket ticket) = 0;
    // Of delivery: SH_SUBSCRIPTION_*.
    virtual void changed(sh_connection reader, const std::string& stream, std::uint32_t what,
                         sh_position sent) = 0;
    // Of pubsub: what a followed stream got.
    virtual void records(std::string_view /*stream*/, std::span<const sh_record> /*records*/) {}

    // This node's view of the stream is at the store's head when it answers.
    void follow(const std::string& stream, Host::Answer answer) {
        host().ask(
            SH_ON_STORE, pubsub_, kDeadlineMs,
            [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
                table.follow(self, bytes(stream), follow_events_.get(), ticket);
            },
            std::move(answer));
    }
    void unfollow(const std::string& stream) {
        (void)pubsub_.call([&](const sh_pubsub& table, void* self) {
            table.unfollow(self, bytes(stream), follow_events_.get());
        });
    }
    // A page of what is kept from `from` on.
    void read(const std::string& stream, std::uint64_t from, Host::Answer answer) {
        const sh_range range{sizeof(range), 0, from, 0};
        host().ask(
            SH_ON_STORE, streamcache_, kDeadlineMs,
            [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
                table.read(self, bytes(stream), &range, ticket);
            },
            std::move(answer));
    }

private:
    static constexpr std::uint32_t kDeadlineMs = 5'000;

    static RecoveryPlugin& of(void* self) { return *static_cast<RecoveryPlugin*>(self); }
    static void on_changed(void* self, sh_connection reader, sh_bytes stream, std::uint32_t what,
                           sh_position sent) noexcept {
        of(self).host().guarded(0, [&] { of(self).changed(reader, std::string(view(stream)), what, sent); });
    }
    static void on_records(void* self, sh_bytes stream, const sh_record* records,
                           std::uint32_t count) noexcept {
        of(self).host().guarded(0, [&] { of(self).records(view(stream), {records, count}); });
    }

    static constexpr sh_follow_events kFollowEvents = {sizeof(sh_follow_events), 0, &on_records};
    static constexpr sh_recovery kTable = {sizeof(sh_recovery), 0, answered<&RecoveryPlugin::subscribe>(),
                                           answered<&RecoveryPlugin::unsubscribe>()};

    const sh_delivery_ext* delivery_ = nullptr;
    Lease<sh_streamcache> streamcache_;
    Lease<sh_pubsub> pubsub_;
    Lease<sh_follow_events> follow_events_;
};

}  // namespace streamhost
