// A pubsub of your own: derive from PubsubPlugin and write how a stream is followed, and what topics are.
//
// Call provide_pubsub() in start(), after everything that records() and link() need. All members run on the
// store loop.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/service_table.hpp"
#include "streamhost/store.hpp"

namespace streamhost {

class PubsubPlugin : public Plugin {
public:
    using Plugin::Plugin;
    static constexpr const char* kProvides[] = {SH_SVC_PUBSUB, nullptr};

protected:
    // [control]
    void provide_pubsub() {
        delivery_ = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        store_.emplace(host());
        const sh_store_events events = {sizeof(events), 0, this, &on_records, &on_topic, &on_link};
        if (const sh_status status = store()->set_events(host().raw(), &events); status != SH_OK)
            throw Failure(status, "the store refused its event handler");
        host().provide(SH_SVC_PUBSUB, &kTable, this);
    }
    [[nodiscard]] const Store& store() const { return *store_; }
    [[nodiscard]] const sh_delivery_ext* delivery() const noexcept { return delivery_; }

    // See svc/pubsub.h for what each promises.
    virtual void follow(const std::string& stream, const sh_lease* events, sh_ticket ticket) = 0;
    virtual void unfollow(const std::string& stream, const sh_lease* events) = 0;
    virtual void publish(const std::string& /*topic*/, const std::string& /*payload*/, sh_ticket ticket) {
        host().complete(ticket, SH_UNSUPPORTED);
    }
    virtual void subscribe(const std::string& /*topic*/, std::uint8_t /*pattern*/, const sh_lease* /*events*/,
                           sh_ticket ticket) {
        host().complete(ticket, SH_UNSUPPORTED);
    }
    virtual void unsubscribe(const std::string& /*topic*/, std::uint8_t /*pattern*/,
                             const sh_lease* /*events*/, sh_ticket ticket) {
        host().complete(ticket, SH_UNSUPPORTED);
    }

    // What the store says; see abi/ext/store.h.
    virtual void records(std::string_view stream, std::span<const sh_record> records) = 0;
    virtual void message(std::string_view /*pattern*/, std::string_view /*topic*/,
                         std::string_view /*payload*/) {}
    virtual void link(bool /*up*/, std::uint64_t /*epoch*/) {}

private:
    static PubsubPlugin& of(void* self) { return *static_cast<PubsubPlugin*>(self); }
    static void on_records(void* self, sh_bytes stream, const sh_record* records,
                           std::uint32_t count) noexcept {
        of(self).host().guarded(0, [&] { of(self).records(view(stream), {records, count}); });
    }
    static void on_topic(void* self, sh_bytes pattern, sh_bytes topic, sh_bytes payload) noexcept {
        of(self).host().guarded(0, [&] { of(self).message(view(pattern), view(topic), view(payload)); });
    }
    static void on_link(void* self, std::uint8_t up, std::uint64_t epoch) noexcept {
        of(self).host().guarded(0, [&] { of(self).link(up != 0, epoch); });
    }

    static constexpr sh_pubsub kTable = {sizeof(sh_pubsub),
                                         0,
                                         answered<&PubsubPlugin::follow>(),
                                         told<&PubsubPlugin::unfollow>(),
                                         answered<&PubsubPlugin::publish>(),
                                         answered<&PubsubPlugin::subscribe>(),
                                         answered<&PubsubPlugin::unsubscribe>()};

    const sh_delivery_ext* delivery_ = nullptr;
    std::optional<Store> store_;
};

}  // namespace streamhost
