#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "redis/driver/redis_store.hpp"
#include "store/conformance/bench.hpp"
#include "support/redis_server.hpp"
#include "support/test_port.hpp"

namespace streamhost::redis {

// A loop in real time that whoever tests turns.
class RealLoop final : public store::StoreLoop {
public:
    [[nodiscard]] std::int64_t now_ms() const override {
        using namespace std::chrono;
        return started_ms_ + duration_cast<milliseconds>(steady_clock::now() - started_).count();
    }
    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
    void post_at(std::int64_t at_ms, std::function<void()> task) override {
        timers_.emplace(at_ms, std::move(task));
    }

    // What is posted and what is due; tasks that these post wait for the next turn.
    void turn() {
        const std::int64_t now = now_ms();
        while (!timers_.empty() && timers_.begin()->first <= now) {
            tasks_.push_back(std::move(timers_.begin()->second));
            timers_.erase(timers_.begin());
        }
        for (auto& task : std::exchange(tasks_, {}))
            task();
    }
    // Until there is something to do, at most `most_ms`.
    [[nodiscard]] int idle_ms(std::int64_t most_ms) const {
        if (!tasks_.empty()) return 0;
        if (!timers_.empty()) most_ms = std::min(most_ms, timers_.begin()->first - now_ms());
        return static_cast<int>(std::max<std::int64_t>(0, most_ms));
    }

private:
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    const std::int64_t started_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::system_clock::now().time_since_epoch())
                                         .count();
    std::deque<std::function<void()>> tasks_;
    std::multimap<std::int64_t, std::function<void()>> timers_;
};

// The driver over the program's server, from an empty one.
class RedisBench final : public store::conformance::Bench {
public:
    explicit RedisBench(const store::Limits& limits, std::string key_prefix = "streamhost:")
        : limits_(limits), port_(server().port()) {
        server().command({"FLUSHALL"});
        RedisStoreOptions options;
        options.limits = limits;
        options.key_prefix = std::move(key_prefix);
        options.on_trouble = [this](const Trouble& trouble) {
            troubles.emplace_back(trouble.kind, std::string(trouble.message));
        };
        store_ = make_redis_store(std::move(options), port_, loop_, sink_);
    }
    ~RedisBench() override {
        store_->shutdown();
        run_until([this] { return store_->stats().in_flight == 0; });
    }

    [[nodiscard]] static RedisServer& server() { return RedisServer::instance(); }

    store::Store& store() override { return *store_; }
    store::conformance::RecordingSink& sink() override { return sink_; }
    const store::Limits& limits() const override { return limits_; }

    bool run_until(const std::function<bool()>& reached) override {
        for (const std::int64_t deadline_ms = loop_.now_ms() + kPatienceMs; loop_.now_ms() < deadline_ms;) {
            loop_.turn();
            if (reached()) return true;
            port_.pump(loop_.idle_ms(10));
            if (reached()) return true;
        }
        return false;
    }
    void advance(std::int64_t ms) override {
        const std::int64_t until_ms = loop_.now_ms() + ms;
        do {
            loop_.turn();
            port_.pump(loop_.idle_ms(until_ms - loop_.now_ms()));
        } while (loop_.now_ms() < until_ms);
        loop_.turn();
    }
    // A timer of the loop and one of the server's.
    [[nodiscard]] std::int64_t slack_ms() const override { return 30; }

    [[nodiscard]] TestPort& port() noexcept { return port_; }

    std::vector<std::pair<TroubleKind, std::string>> troubles;

private:
    static constexpr std::int64_t kPatienceMs = 5000;

    const store::Limits limits_;
    RealLoop loop_;
    store::conformance::RecordingSink sink_;
    TestPort port_;
    std::unique_ptr<store::Store> store_;
};

inline store::conformance::Driver redis_driver() {
    store::Limits short_lived;
    short_lived.run_open_ms = 800;
    short_lived.run_ended_ms = 200;
    short_lived.shared_ms = 1'200;
    short_lived.publish_key_ms = 200;
    short_lived.send_key_ms = 300;
    short_lived.history_ms = 200;
    short_lived.last_node_ms = 300;
    short_lived.node_forget_ms = 200;
    return {.name = "redis",
            .limits = {},
            .short_lived = short_lived,
            .manual_time = false,
            .make = [](const store::Limits& limits) { return std::make_unique<RedisBench>(limits); }};
}

}  // namespace streamhost::redis
