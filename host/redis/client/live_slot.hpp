#pragma once

#include "redis/client/slot.hpp"
#include "redis/client/subscriptions.hpp"

namespace streamhost::redis {

// The slot that listens: ready when the server has acknowledged every subscription on this connection.
// [store]
class LiveSlot final : public Slot {
public:
    LiveSlot(runtime::Loop& loop, ConnectionOptions options, SlotEvents& events,
             SubscriptionOptions subscriptions)
        : Slot(loop, std::move(options), events), subscriptions_(subscriptions) {}

    [[nodiscard]] Subscriptions& subscriptions() noexcept { return subscriptions_; }
    [[nodiscard]] const Subscriptions& subscriptions() const noexcept { return subscriptions_; }
    void listen_with(PortEvents& events) noexcept { port_events_ = &events; }
    void flush() override;
    // Runs the `done`s of what has ended. Not inside one of the port's functions.
    void answer();

private:
    void prepare() override;
    void on_push(const RespValue& push) override;
    void on_down() override { subscriptions_.disconnected(); }
    void on_time(std::int64_t now_ms) override;
    void write();

    Subscriptions subscriptions_;
    PortEvents* port_events_ = nullptr;
};

}  // namespace streamhost::redis
