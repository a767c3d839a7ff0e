// Registry and channels, of two nodes on one server.

#include <string>
#include <type_traits>

#include "support/two_drivers.hpp"

namespace streamhost::redis {
namespace {

using store::ChannelDone;
using store::Status;
using store::conformance::ChannelReply;
using store::conformance::SessionReply;

auto put(RedisBench& bench, std::string session, std::string node, std::uint32_t lease_ms) {
    return [=, &bench](store::SessionDone done) {
        return bench.store().registry().session_put(
            {.session = session, .node = node, .user = "u", .data = "d", .lease_ms = lease_ms},
            std::move(done));
    };
}

auto expire(RedisBench& bench) {
    return [&bench](store::SessionDone done) {
        return bench.store().registry().session_expire({.max = 1000}, std::move(done));
    };
}

TEST(RedisSharedServerTest, OfTwoNodesThatExpireOneGetsEachEntry) {
    constexpr std::size_t kSessions = 40;
    TwoDrivers two;
    for (std::size_t i = 0; i < kSessions; ++i)
        two.run<SessionReply>(put(two.a, "s" + std::to_string(i), "a", 50));
    two.run<SessionReply>(put(two.b, "live", "b", 30'000));
    two.pass(80);
    const auto first = start<SessionReply>(expire(two.a));
    const auto second = start<SessionReply>(expire(two.b));
    EXPECT_EQ(two.await(first).entries.size() + two.await(second).entries.size(), kSessions);
    EXPECT_EQ(two.run<SessionReply>(expire(two.a)).entries.size(), 0U);
    EXPECT_EQ(two.run<SessionReply>(expire(two.a)).total, 1U);
}

TEST(RedisSharedServerTest, ALapsedEntryThatIsPutAgainDoesNotExpire) {
    TwoDrivers two;
    two.run<SessionReply>(put(two.a, "s", "a", 50));
    two.pass(80);
    two.run<SessionReply>(put(two.a, "s", "a", 30'000));
    EXPECT_TRUE(two.run<SessionReply>(expire(two.b)).entries.empty());
}

// Nobody expires anything here; a put some time later does away with what is left.
TEST(RedisSharedServerTest, EntriesThatNobodyReapsAreForgotten) {
    store::Limits limits;
    limits.last_node_ms = 101;
    RedisBench bench(limits);
    const auto run = [&](auto command) {
        const auto pending = start<SessionReply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(SessionReply());
    };
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(run(put(bench, "s" + std::to_string(i), "dead", 50)).total,
                  static_cast<std::uint64_t>(i + 1));
    bench.advance(200);
    EXPECT_EQ(run(put(bench, "new", "live", 30'000)).total, 1U);
}

TEST(RedisSharedServerTest, RenewalsKeepTheLastNodeKnown) {
    store::Limits limits;
    limits.last_node_ms = 400;
    RedisBench bench(limits);
    auto& registry = bench.store().registry();
    const auto run = [&](auto command) {
        const auto pending = start<SessionReply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(SessionReply());
    };
    run(put(bench, "s", "n", 200));
    for (int i = 0; i < 6; ++i) {
        bench.advance(100);
        const std::string_view sessions[] = {"s"};
        EXPECT_TRUE(run([&](store::SessionDone done) {
                        return registry.session_renew({.node = "n", .sessions = sessions, .lease_ms = 200},
                                                      std::move(done));
                    }).missing.empty());
    }
    run([&](store::SessionDone done) {
        return registry.session_remove({.session = "s", .node = "n"}, std::move(done));
    });
    const auto left = run(
        [&](store::SessionDone done) { return registry.session_list({.session = "s"}, std::move(done)); });
    EXPECT_TRUE(left.entries.empty());
    EXPECT_EQ(left.last_node, "n");
}

TEST(RedisSharedServerTest, NoKeyOfTheRegistryLivesForEver) {
    RedisBench bench({});
    const auto done = start<SessionReply>(put(bench, "s", "n", 30'000));
    const auto node = start<store::conformance::NodeReply>([&](store::NodeDone answer) {
        return bench.store().registry().node_put({.node = "n", .data = "d", .lease_ms = 1000},
                                                 std::move(answer));
    });
    ASSERT_TRUE(bench.run_until([&] { return done->answers + node->answers == 2; }));
    std::vector<std::string> keys;
    const RespValue found = RedisBench::server().command({"KEYS", "*"});
    for (std::uint32_t i = 0; i < found.size(); ++i)
        keys.emplace_back(found[i].text());
    EXPECT_EQ(keys.size(), 7U);
    for (const std::string& key : keys)
        EXPECT_GT(RedisBench::server().command({"PTTL", key}).integer(), 0) << key;
}

// What is there can be kept, given back and worked through; only what is new is refused.
TEST(RedisSharedServerTest, AServerWithoutMemoryStillRenewsAndReleases) {
    using namespace store::conformance;
    RedisBench bench({});
    store::Store& s = bench.store();
    const auto status = [&]<typename Reply>(std::type_identity<Reply>, auto command) {
        const auto pending = start<Reply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(Reply()).status;
    };
    const auto lock = start<LockReply>([&](store::LockDone done) {
        return s.locks().lock({.name = "l", .owner = "o", .lease_ms = 30'000}, std::move(done));
    });
    const auto push = [&](store::QueueDone done) {
        return s.jobs().push({.queue = "q", .payload = "p"}, std::move(done));
    };
    const auto take = [&](store::QueueDone done) {
        return s.jobs().take({.queue = "q", .consumer = "c"}, std::move(done));
    };
    const auto set = [&](store::KeyDone done) {
        return s.keys().key_set({.key = "k", .value = "v", .ttl_ms = 1000}, std::move(done));
    };
    const auto open = [&](store::OpenDone done) {
        return s.jobs().open_put({.shard = "s", .member = "m"}, std::move(done));
    };
    EXPECT_EQ(status(std::type_identity<SessionReply>(), put(bench, "s", "n", 30'000)), Status::kOk);
    EXPECT_EQ(status(std::type_identity<QueueReply>(), push), Status::kOk);
    EXPECT_EQ(status(std::type_identity<OpenReply>(), open), Status::kOk);
    ASSERT_TRUE(bench.run_until([&] { return lock->answers > 0; }));

    RedisBench::server().command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(status(std::type_identity<KeyReply>(), set), Status::kExhausted);
    EXPECT_EQ(status(std::type_identity<QueueReply>(), push), Status::kExhausted);
    EXPECT_EQ(status(std::type_identity<OpenReply>(), open), Status::kExhausted);
    EXPECT_EQ(status(std::type_identity<SessionReply>(), put(bench, "t", "n", 30'000)), Status::kExhausted);
    EXPECT_EQ(status(std::type_identity<SessionReply>(),
                     [&](store::SessionDone done) {
                         const std::string_view sessions[] = {"s"};
                         return s.registry().session_renew(
                             {.node = "n", .sessions = sessions, .lease_ms = 30'000}, std::move(done));
                     }),
              Status::kOk);
    EXPECT_EQ(status(std::type_identity<LockReply>(),
                     [&](store::LockDone done) {
                         return s.locks().lock_renew(
                             {.name = "l", .token = lock->reply->token, .lease_ms = 30'000}, std::move(done));
                     }),
              Status::kOk);
    EXPECT_EQ(status(std::type_identity<LockReply>(),
                     [&](store::LockDone done) {
                         return s.locks().lock_release({.name = "l", .token = lock->reply->token},
                                                       std::move(done));
                     }),
              Status::kOk);
    EXPECT_EQ(status(std::type_identity<QueueReply>(), take), Status::kOk);
    EXPECT_EQ(
        status(std::type_identity<OpenReply>(),
               [&](store::OpenDone done) { return s.jobs().open_take({.shard = "s"}, std::move(done)); }),
        Status::kOk);
    RedisBench::server().command({"CONFIG", "SET", "maxmemory", "0"});
    EXPECT_EQ(bench.store().stats().refused, 4U);
}

struct Topics {
    RedisBench& bench;

    auto publish(std::string topic) {
        return [=, this](ChannelDone done) {
            return bench.store().channels().topic_publish(
                {.topic = topic, .payload = store::Buffer::copy_of("p")}, std::move(done));
        };
    }
    auto subscribe(std::string topic) {
        return [=, this](ChannelDone done) {
            return bench.store().channels().topic_subscribe({.topic = topic}, std::move(done));
        };
    }
    auto unsubscribe(std::string topic) {
        return [=, this](ChannelDone done) {
            return bench.store().channels().topic_unsubscribe({.topic = topic}, std::move(done));
        };
    }
    auto pattern(std::string pattern) {
        return [=, this](ChannelDone done) {
            return bench.store().channels().pattern_subscribe({.topic = pattern}, std::move(done));
        };
    }
};

TEST(RedisSharedServerTest, APublishCountsItsReceiversOnAllNodes) {
    TwoDrivers two;
    const auto receivers = [&] { return two.run<ChannelReply>(Topics{two.a}.publish("news.x")).receivers; };
    EXPECT_EQ(receivers(), 0U);
    two.run<ChannelReply>(Topics{two.a}.subscribe("news.x"));
    EXPECT_EQ(receivers(), 1U);
    two.run<ChannelReply>(Topics{two.b}.subscribe("news.x"));
    two.run<ChannelReply>(Topics{two.b}.pattern("news.*"));
    EXPECT_EQ(receivers(), 3U);
    ASSERT_TRUE(
        two.until([&] { return two.a.sink().messages.size() == 2 && two.b.sink().messages.size() == 2; }));
    EXPECT_EQ(two.b.sink().messages[0].topic, "news.x");
    two.run<ChannelReply>(Topics{two.b}.unsubscribe("news.x"));
    const auto heard = two.b.sink().messages.size();
    EXPECT_EQ(receivers(), 2U);
    ASSERT_TRUE(two.until([&] { return two.b.sink().messages.size() == heard + 1; }));
    EXPECT_EQ(two.b.sink().messages.back().pattern, "news.*");
}

TEST(RedisSharedServerTest, APrefixOfGlobCharactersIsTakenAsItIs) {
    RedisBench bench({}, "a[b]*?\\:");
    const auto run = [&](auto command) {
        const auto pending = start<ChannelReply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(ChannelReply());
    };
    run(Topics{bench}.pattern("n?ws"));
    EXPECT_EQ(run(Topics{bench}.publish("news")).receivers, 1U);
    EXPECT_EQ(run(Topics{bench}.publish("nooze")).receivers, 0U);
    EXPECT_EQ(RedisBench::server().command({"PUBLISH", "abXY\\:topic:news", "x"}).integer(), 0);
    ASSERT_TRUE(bench.run_until([&] { return bench.sink().messages.size() == 1; }));
    EXPECT_EQ(bench.sink().messages[0].pattern, "n?ws");
    EXPECT_EQ(bench.sink().messages[0].topic, "news");
}

}  // namespace
}  // namespace streamhost::redis
