#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "redis/client/client.hpp"
#include "support/client_rig.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {

// What the tests of the client share: options for servers of their own, and calls that are counted.
class ClientFixture : public ::testing::Test {
protected:
    static ClientOptions at(std::uint16_t port) {
        ClientOptions options;
        options.address = {"127.0.0.1", port};
        return options;
    }
    // Failures are part of these tests; time alone opens the breaker.
    static ClientOptions patient(std::uint16_t port) {
        ClientOptions options = at(port);
        options.breaker.failures = 1'000'000;
        options.breaker.silence_ms = 60'000;
        return options;
    }
    bool count(ClientRig& rig, int number) {
        std::string& answer = answers_.emplace_back();
        return rig.post({"EVAL", kCount, "2", "last", "all", std::to_string(number)}, answer, 20'000);
    }
    [[nodiscard]] std::ptrdiff_t answered() const {
        return std::count_if(answers_.begin(), answers_.end(),
                             [](const auto& text) { return !text.empty(); });
    }
    // Every call was answered, none had its effect before one in front of it.
    void expect_counted(const RedisProcess& server) {
        for (std::size_t index = 0; index < answers_.size(); ++index)
            EXPECT_TRUE(answers_[index] == "new" || answers_[index] == "again")
                << "call " << index + 1 << ": " << answers_[index];
        EXPECT_EQ(server.ask({"GET", "last"}), std::to_string(answers_.size()));
    }

    // Counts calls by their number, so that a lost, doubled or overtaking one shows.
    static constexpr std::string_view kCount =
        "local last = tonumber(redis.call('GET', KEYS[1]) or '0') local n = tonumber(ARGV[1]) "
        "redis.call('RPUSH', KEYS[2], n) "
        "if n == last + 1 then redis.call('SET', KEYS[1], n) return 'new' end "
        "if n <= last then return 'again' end return redis.error_reply('GAP after ' .. last)";

    TestLoop loop_;
    std::deque<std::string> answers_;
};

}  // namespace streamhost::redis
