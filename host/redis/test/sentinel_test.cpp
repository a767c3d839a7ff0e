// The client behind Sentinels, whose master is killed, hung and moved under load.
#include <algorithm>
#include <csignal>
#include <deque>
#include <iostream>
#include <memory>

#include <gtest/gtest.h>

#include "support/client_rig.hpp"
#include "support/fake_server.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {
namespace {

Address local(std::uint16_t port) { return {"127.0.0.1", port}; }

ClientOptions behind(std::vector<std::uint16_t> sentinels) {
    ClientOptions options;
    options.sentinel.emplace();
    for (const std::uint16_t port : sentinels)
        options.sentinel->addresses.push_back(local(port));
    return options;
}

ClientOptions behind(SentinelGroup& group) {
    return behind({group.sentinel(0).port(), group.sentinel(1).port(), group.sentinel(2).port()});
}

// A Sentinel that says what it is told to.
struct FakeSentinel {
    std::uint64_t epoch = 0;
    Address master;
    bool is_silent = false;
    int asked = 0;

    std::string operator()(const std::vector<std::string>& words) {
        if (words[0] == "HELLO") return FakeServer::hello("7.0.15");
        if (words[0] == "ROLE") return "*2\r\n+sentinel\r\n*0\r\n";
        if (words[0] == "PING") return "+PONG\r\n";
        if (words[0] != "SENTINEL" || is_silent) return {};
        if (words[1] == "SENTINELS") return "*0\r\n";
        if (words[1] == "MASTER")
            return "%2\r\n+flags\r\n+master\r\n+config-epoch\r\n+" + std::to_string(epoch) + "\r\n";
        ++asked;
        return "*2\r\n+" + master.host + "\r\n+" + std::to_string(master.port) + "\r\n";
    }
};

// One group for those tests that leave it whole; its failovers take two seconds each.
class SentinelTest : public ::testing::Test {
protected:
    // A stream of writes, each after the one before it; times between two that were acknowledged.
    struct Stream {
        Stream(ClientRig& rig, std::uint32_t timeout_ms) : rig_(rig), timeout_ms_(timeout_ms) {}
        void turn() {
            if (!answer_.empty()) {
                if (answer_ == "OK") {
                    ++acknowledged_;
                    longest_ms_ = std::max(longest_ms_, rig_.now() - last_ms_);
                    last_ms_ = rig_.now();
                } else {
                    others_.push_back(answer_);
                }
                is_underway_ = false;
                answer_.clear();
            }
            if (!is_underway_)
                is_underway_ = rig_.post({"SET", "n", std::to_string(++number_)}, answer_, timeout_ms_);
        }
        ClientRig& rig_;
        std::uint32_t timeout_ms_;
        std::string answer_;
        bool is_underway_ = false;
        int number_ = 0;
        int acknowledged_ = 0;
        std::int64_t last_ms_ = rig_.now();
        std::int64_t longest_ms_ = 0;
        std::vector<std::string> others_;
    };

    TestLoop loop_;
};

TEST_F(SentinelTest, ResumesSoonAfterTheMasterIsKilled) {
    SentinelGroup group;
    ClientRig rig(loop_, behind(group));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    ASSERT_EQ(rig.listen(ListenTo::kChannel, "c"), "ok");
    ASSERT_TRUE(rig.await([&] { return rig.stats().is_up; }));
    const ClientStats before = rig.stats();
    Stream stream(rig, 5'000);
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ >= 500; }));
    stream.longest_ms_ = 0;
    group.master().kill();
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.longest_ms_ > 400; })) << rig.all_reports();
    std::cout << "[ figure ] kill -9 of the master: " << stream.longest_ms_ << " ms without writes\n";
    const std::int64_t without_writes = stream.longest_ms_;
    const int resumed = stream.acknowledged_;
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ >= resumed + 500; }));
    ASSERT_TRUE(rig.await([&] { return rig.is_up_ && rig.stats().is_up; }));
    const ClientStats after = rig.stats();
    EXPECT_GT(after.config_epoch, before.config_epoch);
    // Sentinels whose votes split elect again seconds later, with another epoch; that is theirs.
    if (after.config_epoch == before.config_epoch + 1) {
        EXPECT_LT(without_writes, 500 + 2'000);
        EXPECT_EQ(stream.others_, std::vector<std::string>{}) << "no call failed";
        EXPECT_EQ(after.breaker_openings, 0U) << "a failover is no outage";
    }
    EXPECT_NE(after.run_id, before.run_id);
    EXPECT_NE(after.master, before.master);
    EXPECT_GE(after.switches, 1U);
    EXPECT_GT(after.link_epoch, before.link_epoch);
    EXPECT_EQ(group.server_at(after.master).ask({"PUBLISH", "c", "after"}), "1");
    ASSERT_TRUE(rig.await([&] { return rig.messages_.size() == 1; }));
}

TEST_F(SentinelTest, MovesEveryConnectionAtOnceInAPlannedFailover) {
    SentinelGroup group;
    ClientRig rig(loop_, behind(group));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    Stream stream(rig, 5'000);
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ >= 200; }));
    RedisProcess& old_master = group.master();
    const std::string name = "name=streamhost";
    EXPECT_NE(old_master.ask({"CLIENT", "LIST"}).find(name), std::string::npos);
    ASSERT_TRUE(rig.await([&] { return rig.stats().is_up; }));
    const std::string before = rig.stats().master;
    ASSERT_EQ(group.sentinel(0).ask({"SENTINEL", "FAILOVER", "mymaster"}), "OK");
    const std::int64_t start = rig.now();
    ASSERT_TRUE(rig.await([&] { return stream.turn(), rig.is_up_ && rig.stats().master != before; }));
    std::cout << "[ figure ] planned failover: moved after " << rig.now() - start << " ms\n";
    EXPECT_LT(rig.now() - start, 2'500);
    EXPECT_EQ(old_master.ask({"CLIENT", "LIST"}).find(name), std::string::npos)
        << "not one stays on the old master, which would still take writes";
    const int moved = stream.acknowledged_;
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ > moved + 200; }));
    EXPECT_EQ(stream.others_, std::vector<std::string>{});
}

TEST_F(SentinelTest, LeavesAMasterThatHangs) {
    SentinelGroup group;
    ClientRig rig(loop_, behind(group));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    Stream stream(rig, 8'000);
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ >= 100; }));
    stream.longest_ms_ = 0;
    RedisProcess& hung = group.master();
    hung.signal(SIGSTOP);
    const bool has_resumed = rig.await([&] { return stream.turn(), stream.longest_ms_ > 400; });
    hung.signal(SIGCONT);
    ASSERT_TRUE(has_resumed) << rig.all_reports();
    std::cout << "[ figure ] SIGSTOP of the master: " << stream.longest_ms_ << " ms without writes\n";
    EXPECT_LT(stream.longest_ms_, 4'000);
    const std::string master = rig.stats().master;
    const int resumed = stream.acknowledged_;
    ASSERT_TRUE(rig.await([&] { return stream.turn(), stream.acknowledged_ > resumed + 500; }));
    EXPECT_NE(rig.stats().master, "127.0.0.1:" + std::to_string(hung.port())) << master;
}

TEST_F(SentinelTest, LearnsOtherSentinelsAndOutlivesItsSeed) {
    SentinelGroup group;
    ClientOptions options = behind({group.sentinel(0).port()});
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    const auto is_listening = [&](std::size_t sentinel) {
        const std::string clients = group.sentinel(sentinel).ask({"CLIENT", "LIST"});
        const std::size_t ours = clients.find("name=streamhost");
        return ours != std::string::npos && clients.find(" sub=1", ours) != std::string::npos;
    };
    ASSERT_TRUE(rig.await([&] { return is_listening(1) && is_listening(2); }))
        << "it listens on Sentinels that nobody named";
    group.sentinel(0).kill();
    Stream stream(rig, 5'000);
    group.master().kill();
    // Two Sentinels may need a second election.
    const auto has_resumed = [&] { return stream.turn(), stream.acknowledged_ > 10; };
    ASSERT_TRUE(rig.await(has_resumed, 20'000)) << rig.all_reports();
}

// Calls go on: without this line nobody would know whether the next failover has somebody to do it.
TEST_F(SentinelTest, SaysWhenSentinelsThatWereAwayAreBack) {
    SentinelGroup group;
    ClientRig rig(loop_, behind(group));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    const auto signal_all = [&](int signal) {
        for (std::size_t sentinel = 0; sentinel < 3; ++sentinel)
            group.sentinel(sentinel).signal(signal);
    };
    const auto missed = rig.told("no Sentinel answers");
    signal_all(SIGSTOP);
    const bool is_missed = rig.await([&] { return rig.told("no Sentinel answers") > missed; }, 20'000);
    const auto back = rig.told("the Sentinels name the master");
    EXPECT_EQ(rig.call({"PING"}), "PONG");
    signal_all(SIGCONT);
    ASSERT_TRUE(is_missed) << rig.all_reports();
    EXPECT_TRUE(rig.await([&] { return rig.told("the Sentinels name the master") > back; }, 20'000))
        << rig.all_reports();
}

TEST_F(SentinelTest, SentinelsHaveAPasswordOfTheirOwn) {
    SentinelGroup group("of-the-sentinels");
    ClientOptions options = behind(group);
    {
        ClientRig rig(loop_, options);
        ASSERT_TRUE(rig.await([&] { return rig.told("the Sentinels refuse the user or the password") > 0; }))
            << rig.all_reports();
        rig.turn(300);
        EXPECT_EQ(rig.told("the Sentinels refuse the user or the password"), 1U);
        EXPECT_FALSE(rig.is_up_);
    }
    options.sentinel->password = "of-the-sentinels";
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"PING"}), "PONG");
}

TEST_F(SentinelTest, AnUnknownNameHasItsOwnMessage) {
    RedisProcess sentinel({}, RedisProcess::Kind::kSentinel);
    ClientOptions options = behind({sentinel.port()});
    options.sentinel->master = "nobody";
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return rig.told("watch no master named 'nobody'") > 0; }))
        << rig.all_reports();
    rig.turn(500);
    EXPECT_EQ(rig.told("watch no master named 'nobody'"), 1U);
}

TEST_F(SentinelTest, NoSentinelHasItsOwnMessageAndTheBreakerOpens) {
    ClientRig rig(loop_, behind({free_port(), free_port()}));
    const std::int64_t start = rig.now();
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }));
    EXPECT_LT(rig.now() - start, 3'500);
    EXPECT_EQ(rig.told("no Sentinel answers"), 1U) << rig.all_reports();
    EXPECT_EQ(rig.call({"PING"}), "<unavailable>");
}

TEST_F(SentinelTest, AStaleSentinelLosesAgainstANewerEpoch) {
    RedisProcess old_master;
    RedisProcess master;
    FakeSentinel stale{.epoch = 1, .master = local(old_master.port())};
    FakeSentinel other{.epoch = 1, .master = local(old_master.port())};
    FakeSentinel fresh{.epoch = 2, .master = local(master.port())};
    FakeServer first(loop_.loop, std::ref(stale));
    FakeServer second(loop_.loop, std::ref(other));
    FakeServer third(loop_.loop, std::ref(fresh));
    ClientRig rig(loop_, behind({first.port(), second.port(), third.port()}));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    ASSERT_TRUE(rig.await([&] { return rig.stats().config_epoch == 2; }));
    EXPECT_EQ(rig.stats().master, to_text(local(master.port())))
        << "one that is newer beats two that are not";
    fresh.is_silent = true;  // only stale ones are left; the next polls hear nothing else
    const int asked = stale.asked;
    ASSERT_TRUE(rig.await([&] { return stale.asked >= asked + 2 && rig.told("config epoch 1") > 0; }))
        << rig.all_reports();
    EXPECT_TRUE(rig.is_up_);
    EXPECT_EQ(rig.stats().switches, 0U);
    EXPECT_EQ(rig.call({"PING"}), "PONG");
    master.kill();  // not even then
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }));
    EXPECT_EQ(rig.stats().master, to_text(local(master.port())));
    EXPECT_EQ(old_master.ask({"CLIENT", "LIST"}).find("name=streamhost"), std::string::npos);
}

TEST_F(SentinelTest, AnAnnouncementAloneIsEnoughToMove) {
    RedisProcess old_master;
    RedisProcess master;
    FakeSentinel sentinel{.epoch = 1, .master = local(old_master.port())};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientOptions options = behind({server.port()});
    options.sentinel->poll_ms = 600'000;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    sentinel.epoch = 2;
    sentinel.master = local(master.port());
    server.push(">3\r\n+message\r\n++switch-master\r\n+other 10.0.0.1 1 10.0.0.2 1\r\n");
    rig.turn(300);
    EXPECT_EQ(rig.stats().switches, 0U) << "of another master";
    server.push(">3\r\n+message\r\n++switch-master\r\n+mymaster 10.0.0.1 1 10.0.0.2 1\r\n");
    ASSERT_TRUE(rig.await([&] { return rig.stats().switches == 1 && rig.stats().is_up; }));
    EXPECT_EQ(rig.stats().master, to_text(local(master.port()))) << "what is asked counts, not what is said";
}

TEST_F(SentinelTest, APollFindsWhatNobodyAnnounced) {
    RedisProcess old_master;
    RedisProcess master;
    FakeSentinel sentinel{.epoch = 1, .master = local(old_master.port())};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientRig rig(loop_, behind({server.port()}));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    sentinel.epoch = 2;
    sentinel.master = local(master.port());
    const std::int64_t start = rig.now();
    ASSERT_TRUE(rig.await([&] { return rig.stats().switches == 1 && rig.stats().is_up; }));
    EXPECT_LT(rig.now() - start, 2'000);
    EXPECT_EQ(old_master.ask({"CLIENT", "LIST"}).find("name=streamhost"), std::string::npos);
}

TEST_F(SentinelTest, ConnectionsThatAreLostTogetherAskOnce) {
    RedisProcess master;
    FakeSentinel sentinel{.epoch = 1, .master = local(master.port())};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientOptions options = behind({server.port()});
    options.connections = 64;
    options.sentinel->poll_ms = 600'000;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return rig.is_up_ && rig.stats().ready == 64; })) << rig.all_reports();
    const int asked = sentinel.asked;
    (void)master.ask({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(rig.await([&] { return rig.stats().reconnects >= 64 && rig.stats().ready == 64; }));
    EXPECT_GE(rig.stats().reconnects_by[static_cast<std::size_t>(LinkEnd::kByPeer)], 64U);
    EXPECT_EQ(rig.stats().connecting + rig.stats().down, 0U);
    EXPECT_GE(sentinel.asked - asked, 1) << "never back to the old address unasked";
    EXPECT_LE(sentinel.asked - asked, 8)
        << "one by one it would be 64; a busy machine makes some waves of one";
}

TEST_F(SentinelTest, AHungSentinelDelaysNobody) {
    RedisProcess master;
    FakeSentinel hung{.is_silent = true};
    FakeSentinel good{.epoch = 1, .master = local(master.port())};
    FakeServer first(loop_.loop, std::ref(hung));
    FakeServer second(loop_.loop, std::ref(good));
    ClientRig rig(loop_, behind({first.port(), second.port()}));
    const std::int64_t start = rig.now();
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_LT(rig.now() - start, 1'000);
    const std::size_t before = first.accepted();
    EXPECT_TRUE(rig.await([&] { return first.accepted() > before; }, 6'000))
        << "its connection is given up for silence and made anew";
    EXPECT_EQ(rig.stats().reconnects, 0U);
}

TEST_F(SentinelTest, AServerThatIsNotTheMasterIsToldAndAskedAgain) {
    RedisProcess master;
    RedisProcess replica({"replicaof 127.0.0.1 " + std::to_string(master.port())});
    FakeSentinel sentinel{.epoch = 1, .master = local(replica.port())};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientRig rig(loop_, behind({server.port()}));
    ASSERT_TRUE(rig.await([&] { return rig.told("the server is not the master") > 0; }));
    EXPECT_FALSE(rig.is_up_);
    EXPECT_EQ(rig.stats().config_epoch, 0U) << "an epoch counts when its master proved to be one";
    sentinel.master = local(master.port());
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.told("the server is not the master"), 1U);
}

TEST_F(SentinelTest, AddressesAreMappedToWhatCanBeReached) {
    RedisProcess master;
    const Address inside{"10.255.255.1", 6379};
    FakeSentinel sentinel{.epoch = 1, .master = inside};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientOptions options = behind({server.port()});
    options.address_map[inside] = local(master.port());
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.stats().master, to_text(local(master.port())));
}

TEST_F(SentinelTest, HostNamesOfSentinelsAndMastersAreLookedUp) {
    RedisProcess master;
    FakeSentinel sentinel{.epoch = 1, .master = {"redis.example", master.port()}};
    FakeServer server(loop_.loop, std::ref(sentinel));
    ClientOptions options = behind({server.port()});
    options.sentinel->addresses[0].host = "sentinel.example";
    options.lookup = [](const Address& address) {
        return address.host.ends_with(".example") ? numeric_endpoints(local(address.port)) : Endpoints();
    };
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"PING"}), "PONG");
}

}  // namespace
}  // namespace streamhost::redis
