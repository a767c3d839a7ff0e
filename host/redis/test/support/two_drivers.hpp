#pragma once

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "store/conformance/fixture.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::redis {

template <typename Reply>
using Pending = store::conformance::PendingPtr<Reply>;

// Sends a command; its answer is there once `answers` is 1.
template <typename Reply, typename Command>
Pending<Reply> start(Command&& command) {
    auto pending = std::make_shared<store::conformance::Pending<Reply>>();
    EXPECT_EQ(command([pending](const auto& result) {
                  pending->reply.emplace(result);
                  ++pending->answers;
              }),
              store::Submit::kAccepted);
    return pending;
}

// Two nodes on one server.
struct TwoDrivers {
    RedisBench a{{}};
    RedisBench b{{}};

    // Without a pause: whoever slept on one node's sockets would be late for the other's.
    bool until(const std::function<bool()>& reached) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (std::chrono::steady_clock::now() < deadline) {
            a.advance(0);
            b.advance(0);
            if (reached()) return true;
        }
        return false;
    }
    void pass(std::int64_t ms) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
        EXPECT_TRUE(until([&] { return std::chrono::steady_clock::now() >= end; }));
    }
    template <typename Reply>
    Reply await(const Pending<Reply>& pending) {
        EXPECT_TRUE(until([&] { return pending->answers > 0; })) << "never answered";
        return pending->reply.value_or(Reply());
    }
    template <typename Reply, typename Command>
    Reply run(Command&& command) {
        return await(start<Reply>(std::forward<Command>(command)));
    }
};

class Stopwatch {
public:
    [[nodiscard]] std::int64_t ms() const {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now() - started_).count();
    }

private:
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace streamhost::redis
