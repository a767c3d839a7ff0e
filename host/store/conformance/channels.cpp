// Live delivery.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

class ChannelCalls {
public:
    ChannelCalls(Store& store) : channels_(store.channels()) {}

    auto subscribe(std::string_view home) {
        return [=, this](ChannelDone done) { return channels_.subscribe({.home = home}, std::move(done)); };
    }
    auto unsubscribe(std::string_view home) {
        return [=, this](ChannelDone done) { return channels_.unsubscribe({.home = home}, std::move(done)); };
    }
    auto publish(std::string_view topic, std::string_view payload) {
        return [=, this](ChannelDone done) {
            return channels_.topic_publish({.topic = topic, .payload = bytes(payload)}, std::move(done));
        };
    }
    auto topic(std::string_view topic) {
        return [=, this](ChannelDone done) {
            return channels_.topic_subscribe({.topic = topic}, std::move(done));
        };
    }
    auto no_topic(std::string_view topic) {
        return [=, this](ChannelDone done) {
            return channels_.topic_unsubscribe({.topic = topic}, std::move(done));
        };
    }
    auto pattern(std::string_view pattern) {
        return [=, this](ChannelDone done) {
            return channels_.pattern_subscribe({.topic = pattern}, std::move(done));
        };
    }
    auto no_pattern(std::string_view pattern) {
        return [=, this](ChannelDone done) {
            return channels_.pattern_unsubscribe({.topic = pattern}, std::move(done));
        };
    }

private:
    ChannelCommands& channels_;
};

TEST_P(Channels, TheLinkComesUp) {
    ASSERT_TRUE(arrives([&] { return !sink().links.empty(); }));
    EXPECT_EQ(sink().links.back().first, Link::kUp);
}

TEST_P(Channels, RecordsArriveAsTheyAreStored) {
    ChannelCalls calls(store());
    auto producer = produce();
    const auto home = producer.id.substr(0, producer.id.find('.'));
    ASSERT_EQ(write(producer, {"before"}).status, Status::kOk);
    ASSERT_EQ(run<ChannelReply>(calls.subscribe(home)).status, Status::kOk);
    ASSERT_EQ(write(producer, {"a", std::string_view("\0\xff", 2)}).status, Status::kOk);
    ASSERT_EQ(publish(home, "k", entries_of({"message"})).status, Status::kOk);
    ASSERT_EQ(finish(producer.id, State::kCancelled, "c").status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(producer.id).size() == 3 && sink().of(home).size() == 1; }));
    const auto stored = read(producer.id).records;
    const auto live = sink().of(producer.id);
    for (std::size_t i = 0; i < live.size(); ++i) {
        EXPECT_EQ(live[i].seq, stored[i + 1].seq);
        EXPECT_EQ(live[i].prev, stored[i + 1].prev);
        EXPECT_EQ(live[i].check, stored[i + 1].check);
        EXPECT_EQ(live[i].fence, stored[i + 1].fence);
        EXPECT_EQ(live[i].ts_ms, stored[i + 1].ts_ms);
        EXPECT_EQ(live[i].type, stored[i + 1].type);
        EXPECT_EQ(live[i].data.view(), stored[i + 1].data.view());
    }
    EXPECT_EQ(live.back().type, Type::kEnd);
}

TEST_P(Channels, StreamsOfAHomeKeepTheirCommonOrder) {
    ChannelCalls calls(store());
    const auto home = fresh_home();
    ASSERT_EQ(run<ChannelReply>(calls.subscribe(home)).status, Status::kOk);
    const auto run_id = home + ".r";
    const auto entries = entries_of({"message", "pending"});
    ASSERT_EQ(send({.home = home, .key = "k", .content_hash = "h", .run = run_id, .entries = entries}).status,
              Status::kOk);
    auto producer = produce(run_id);
    ASSERT_EQ(write(producer, {"token"}).status, Status::kOk);
    ASSERT_EQ(publish(home, "k2", entries_of({"active"})).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(home).size() == 3 && sink().of(run_id).size() == 1; }));
    ASSERT_EQ(sink().live.size(), 3U);
    EXPECT_EQ(sink().live[0].stream, home);
    EXPECT_EQ(sink().live[0].records.size(), 2U);
    EXPECT_EQ(sink().live[1].stream, run_id);
    EXPECT_EQ(sink().live[2].stream, home);
}

TEST_P(Channels, RepeatsAndRefusalsAreNotPublished) {
    ChannelCalls calls(store());
    auto producer = produce();
    const auto home = producer.id.substr(0, producer.id.find('.'));
    run<ChannelReply>(calls.subscribe(home));
    const auto records = records_after({}, {"a", "b"});
    ASSERT_EQ(append(producer, std::span(records).first(1)).status, Status::kOk);
    ASSERT_EQ(append(producer, std::span(records).first(1)).status, Status::kDuplicate);
    ASSERT_EQ(append(producer, records_after({5, 5}, {"z"})).status, Status::kGap);
    ASSERT_EQ(append(producer, records).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(producer.id).size() >= 2; }));
    ASSERT_EQ(publish(home, "fence", entries_of({"x"})).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(home).size() == 1; }));
    const auto live = sink().of(producer.id);
    ASSERT_EQ(live.size(), 2U);
    EXPECT_EQ(live[1].seq, 2U);
}

TEST_P(Channels, OtherHomesAndUnsubscribedOnesAreSilent) {
    ChannelCalls calls(store());
    const auto home = fresh_home();
    const auto other = home + "x";
    run<ChannelReply>(calls.subscribe(home));
    run<ChannelReply>(calls.subscribe(home));
    ASSERT_EQ(publish(other, "k", entries_of({"a"})).status, Status::kOk);
    ASSERT_EQ(publish(home, "1", entries_of({"a"})).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(home).size() == 1; }));
    EXPECT_EQ(run<ChannelReply>(calls.unsubscribe(home)).status, Status::kOk);
    EXPECT_EQ(run<ChannelReply>(calls.unsubscribe(home)).status, Status::kOk);
    ASSERT_EQ(publish(home, "2", entries_of({"b"})).status, Status::kOk);
    run<ChannelReply>(calls.subscribe(home));
    ASSERT_EQ(publish(home, "3", entries_of({"c"})).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(home).size() == 2; }));
    EXPECT_EQ(sink().of(home)[1].seq, 3U);
    EXPECT_TRUE(sink().of(other).empty());
}

// Subscribe, then read: whatever is written around the two is in one of them, and both together are the
// whole.
TEST_P(Channels, SubscribeThenReadMissesNothing) {
    ChannelCalls calls(store());
    for (int subscribe_at = 0; subscribe_at < 6; ++subscribe_at) {
        const auto home = fresh_home();
        PendingPtr<ChannelReply> subscribed;
        PendingPtr<ReadReply> snapshot;
        std::vector<PendingPtr<PublishReply>> writes;
        for (int i = 0; i < 6; ++i) {
            if (i == subscribe_at) subscribed = start<ChannelReply>(calls.subscribe(home));
            const auto key = std::to_string(i);
            const auto entries = entries_of({key});
            writes.push_back(start<PublishReply>([&](PublishDone done) {
                return store().streams().publish({.id = home, .key = key, .entries = entries},
                                                 std::move(done));
            }));
            if (i == subscribe_at) await(subscribed);
            if (i == std::min(5, subscribe_at + 1))
                snapshot = start<ReadReply>(
                    [&](ReadDone done) { return store().streams().read({.id = home}, std::move(done)); });
        }
        for (const auto& pending : writes)
            ASSERT_EQ(await(pending).status, Status::kOk);
        const auto log = await(snapshot).records;
        ASSERT_FALSE(log.empty());
        Position at{log.back().seq, log.back().check};
        ASSERT_TRUE(arrives([&] {
            const auto live = sink().of(home);
            return at.seq == 6 || (!live.empty() && live.back().seq == 6);
        }));
        for (const Record& record : sink().of(home)) {
            if (record.seq <= at.seq) continue;
            ASSERT_EQ(record.seq, at.seq + 1);
            ASSERT_EQ(record.prev, at.check);
            at = {record.seq, record.check};
        }
        EXPECT_EQ(at.seq, 6U);
    }
}

TEST_P(Channels, LiveDataOutlivesEverything) {
    use_short_lifetimes();
    ChannelCalls calls(store());
    const auto home = fresh_home();
    run<ChannelReply>(calls.subscribe(home));
    const std::string huge(1 << 20, 'h');
    ASSERT_EQ(publish(home, "k", entries_of({huge})).status, Status::kOk);
    ASSERT_TRUE(arrives([&] { return sink().of(home).size() == 1; }));
    const Buffer kept = sink().of(home)[0].data;
    sink().live.clear();
    pass(bench_->limits().shared_ms);
    EXPECT_EQ(read(home).status, Status::kNoStream);
    EXPECT_EQ(kept.view(), huge);
}

TEST_P(Channels, TopicsReachTheirSubscribersAndCountThem) {
    ChannelCalls calls(store());
    const auto topic = fresh_home();
    EXPECT_EQ(run<ChannelReply>(calls.publish(topic, "nobody")).receivers, 0U);
    EXPECT_EQ(run<ChannelReply>(calls.topic(topic)).status, Status::kOk);
    EXPECT_EQ(run<ChannelReply>(calls.topic(topic)).status, Status::kOk);
    const std::string payload("\0binary\xff", 8);
    EXPECT_EQ(run<ChannelReply>(calls.publish(topic, payload)).receivers, 1U);
    EXPECT_EQ(run<ChannelReply>(calls.publish(topic + "x", "other")).receivers, 0U);
    ASSERT_TRUE(arrives([&] { return sink().messages.size() == 1; }));
    EXPECT_EQ(sink().messages[0].topic, topic);
    EXPECT_EQ(sink().messages[0].pattern, "");
    EXPECT_EQ(sink().messages[0].payload, payload);
    run<ChannelReply>(calls.no_topic(topic));
    EXPECT_EQ(run<ChannelReply>(calls.no_topic(topic)).status, Status::kOk);
    EXPECT_EQ(run<ChannelReply>(calls.publish(topic, "late")).receivers, 0U);
    EXPECT_EQ(sink().messages.size(), 1U);
}

TEST_P(Channels, PatternsMatchAsInRedis) {
    ChannelCalls calls(store());
    const auto base = fresh_home();
    struct Case {
        std::string pattern;
        std::string topic;
        bool matches;
    };
    const std::vector<Case> cases{
        {"*", "", true},          {"*.end", "a.end", true}, {"*.end", "a.end.", false},
        {"?", "a", true},         {"?", "ab", false},       {"[abc]", "b", true},
        {"[abc]", "d", false},    {"[a-c]x", "bx", true},   {"[^a]", "b", true},
        {"[^a]", "a", false},     {"\\*", "*", true},       {"\\*", "a", false},
        {"a*b*c", "aXbYc", true}, {"a*b*c", "aXbY", false}, {"a**c", "abc", true},
        {"[c-a]", "b", true},     {"*a*a*a*", "aaa", true}, {"*a*a*a*", "aa", false},
        {"", "", true},           {"[a\\]]", "]", true},
    };
    for (const Case& c : cases) {
        const std::string pattern = base + c.pattern;
        const std::string topic = base + c.topic;
        ASSERT_EQ(run<ChannelReply>(calls.pattern(pattern)).status, Status::kOk);
        EXPECT_EQ(run<ChannelReply>(calls.publish(topic, "x")).receivers, c.matches ? 1U : 0U)
            << c.pattern << " on " << c.topic;
        if (c.matches) {
            ASSERT_TRUE(arrives([&] { return !sink().messages.empty(); })) << c.pattern;
            EXPECT_EQ(sink().messages.back().pattern, pattern);
            EXPECT_EQ(sink().messages.back().topic, topic);
        }
        sink().messages.clear();
        ASSERT_EQ(run<ChannelReply>(calls.no_pattern(pattern)).status, Status::kOk);
        EXPECT_EQ(run<ChannelReply>(calls.publish(topic, "x")).receivers, 0U);
    }
}

TEST_P(Channels, ATopicThatMatchesSeveralArrivesForEach) {
    ChannelCalls calls(store());
    const auto topic = fresh_home();
    run<ChannelReply>(calls.topic(topic));
    run<ChannelReply>(calls.pattern(topic + "*"));
    run<ChannelReply>(calls.pattern("?" + topic.substr(1)));
    EXPECT_EQ(run<ChannelReply>(calls.publish(topic, "x")).receivers, 3U);
    EXPECT_TRUE(arrives([&] { return sink().messages.size() == 3; }));
}

TEST_P(Channels, MessagesOfATopicKeepTheirOrder) {
    ChannelCalls calls(store());
    const auto topic = fresh_home();
    run<ChannelReply>(calls.topic(topic));
    std::vector<PendingPtr<ChannelReply>> sent;
    for (int i = 0; i < 100; ++i)
        sent.push_back(start<ChannelReply>(calls.publish(topic, std::to_string(i))));
    for (const auto& pending : sent)
        EXPECT_EQ(await(pending).receivers, 1U);
    ASSERT_TRUE(arrives([&] { return sink().messages.size() == 100; }));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(sink().messages[static_cast<std::size_t>(i)].payload, std::to_string(i));
}

}  // namespace
}  // namespace streamhost::store::conformance
