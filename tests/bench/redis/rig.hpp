#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "redis/client/client.hpp"
#include "redis/driver/redis_store.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop.hpp"

namespace streamhost::bench {

[[nodiscard]] std::int64_t now_ns() noexcept;  // steady

// What the driver asks of the loop that it lives on: tasks between rounds, and timers.
class Tasks final : public store::StoreLoop {
public:
    [[nodiscard]] std::int64_t now_ms() const override;
    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
    void post_at(std::int64_t at_ms, std::function<void()> task) override {
        timers_.emplace(at_ms, std::move(task));
    }
    void run_due();
    [[nodiscard]] bool empty() const noexcept { return tasks_.empty(); }

private:
    std::deque<std::function<void()>> tasks_;
    std::multimap<std::int64_t, std::function<void()>> timers_;
};

// Driver and client over real connections to a server on loopback, put together as host/app does it, with the
// client's defaults. On the calling thread.
class Rig final : private store::LiveSink {
public:
    Rig(std::uint16_t port, store::Limits limits);
    ~Rig() override;

    [[nodiscard]] store::StreamCommands& streams() { return store_->streams(); }
    // Turns the loop; throws std::runtime_error when a minute was not enough, and when the driver had to
    // report something.
    template <typename Done>
    void run_until(Done done) {
        for (const std::int64_t until_ns = now_ns() + kPatienceNs; !done(); turn()) {
            if (!trouble_.empty()) throw std::runtime_error(trouble_);
            if (now_ns() > until_ns) throw std::runtime_error("no answer within a minute");
        }
    }

private:
    static constexpr std::int64_t kPatienceNs = 60'000'000'000;

    void turn();
    void on_records(std::string_view, std::span<const store::Record>) override {}
    void on_topic(std::string_view, std::string_view, const store::Buffer&) override {}
    void on_link(store::Link link, std::uint64_t) override { is_up_ = link == store::Link::kUp; }

    runtime::SystemClock clock_;
    runtime::Loop loop_{clock_, {}};
    Tasks tasks_;
    redis::Client client_;
    bool is_up_ = false;
    std::string trouble_;
    std::unique_ptr<store::Store> store_;
};

}  // namespace streamhost::bench
