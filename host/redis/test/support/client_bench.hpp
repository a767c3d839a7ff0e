#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "redis/client/client.hpp"
#include "redis/driver/redis_store.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop.hpp"
#include "store/conformance/bench.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::redis {

// Driver and client together, as a node runs them: the loop is turned by whoever tests.
class ClientBench final : public store::conformance::Bench {
public:
    ClientBench(const store::Limits& limits, ClientOptions options)
        : limits_(limits), client_(loop_, std::move(options), [](ReportLevel, std::string_view) {}) {
        RedisStoreOptions store;
        store.limits = limits;
        store_ = make_redis_store(std::move(store), client_, tasks_, sink_);
        (void)run_until([this] { return !sink_.links.empty(); });
    }
    ~ClientBench() override {
        store_->shutdown();
        (void)run_until([this] { return store_->stats().in_flight == 0; });
    }

    store::Store& store() override { return *store_; }
    store::conformance::RecordingSink& sink() override { return sink_; }
    const store::Limits& limits() const override { return limits_; }

    bool run_until(const std::function<bool()>& reached) override {
        for (const std::int64_t deadline_ms = tasks_.now_ms() + kPatienceMs; tasks_.now_ms() < deadline_ms;) {
            if (turn(10); reached()) return true;
        }
        return false;
    }
    void advance(std::int64_t ms) override {
        for (const std::int64_t until_ms = tasks_.now_ms() + ms; tasks_.now_ms() < until_ms;)
            turn(until_ms - tasks_.now_ms());
        turn(0);
    }
    // A timer of the loop and one of the server's.
    [[nodiscard]] std::int64_t slack_ms() const override { return 30; }

private:
    static constexpr std::int64_t kPatienceMs = 5'000;

    void turn(std::int64_t most_ms) {
        tasks_.turn();
        loop_.run_once(tasks_.idle_ms(most_ms));
    }

    const store::Limits limits_;
    runtime::SystemClock clock_;
    runtime::Loop loop_{clock_, {}};
    RealLoop tasks_;
    store::conformance::RecordingSink sink_;
    Client client_;
    std::unique_ptr<store::Store> store_;
};

}  // namespace streamhost::redis
