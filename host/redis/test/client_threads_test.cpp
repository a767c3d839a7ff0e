// Where the client meets other threads: the one that looks up names, and those that read its figures.
#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "support/client_rig.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {
namespace {

class ClientThreadsTest : public ::testing::Test {
protected:
    static ClientOptions at(std::uint16_t port) {
        ClientOptions options;
        options.address = {"127.0.0.1", port};
        return options;
    }
    TestLoop loop_;
};

TEST_F(ClientThreadsTest, NamesAreLookedUpBesideTheLoop) {
    RedisProcess server;
    ClientOptions options = at(server.port());
    options.address.host = "redis.example";
    std::latch may_answer(1);
    std::atomic<int> asked = 0;
    options.lookup = [&](const Address& address) {
        ++asked;
        may_answer.wait();
        return numeric_endpoints({"127.0.0.1", address.port});
    };
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return asked == 1; }));
    const std::uint64_t rounds = rig.loop().meter().rounds();
    rig.turn(100);
    EXPECT_GT(rig.loop().meter().rounds(), rounds) << "the loop goes on";
    EXPECT_FALSE(rig.is_up_);
    may_answer.count_down();
    ASSERT_TRUE(rig.await_up());
    server.kill();
    server.start();
    ASSERT_TRUE(rig.await([&] { return rig.epochs_.size() == 2; }));
    EXPECT_GE(asked, 2) << "each attempt asks anew";
}

TEST_F(ClientThreadsTest, AThreadThatOutlivesTheClientFindsNobody) {
    // Shared: the thread may still look at them when the test has ended.
    const auto may_answer = std::make_shared<std::latch>(1);
    const auto has_answered = std::make_shared<std::latch>(1);
    ClientOptions options = at(6379);
    options.address.host = "redis.example";
    std::atomic<bool> is_asked = false;
    options.lookup = [&is_asked, may_answer, has_answered](const Address&) {
        is_asked = true;
        may_answer->wait();
        has_answered->count_down();
        return Endpoints();
    };
    {
        ClientRig rig(loop_, options);
        ASSERT_TRUE(rig.await([&] { return is_asked.load(); }));
    }
    may_answer->count_down();
    has_answered->wait();
    loop_.loop.run_once(0);
}

TEST_F(ClientThreadsTest, FiguresAreReadFromAnyThread) {
    RedisProcess server;
    ClientRig rig(loop_, at(server.port()));
    std::atomic<bool> is_seen = false;
    std::thread reader([&] {
        for (int attempt = 0; attempt < 1'000'000 && !is_seen; ++attempt)
            is_seen = rig.client().stats().calls > 0;
    });
    ASSERT_TRUE(rig.await_up());
    EXPECT_EQ(rig.call({"PING"}), "PONG");
    const bool was_seen = rig.await([&] { return is_seen.load(); });
    is_seen = true;
    reader.join();
    EXPECT_TRUE(was_seen);
}

}  // namespace
}  // namespace streamhost::redis
