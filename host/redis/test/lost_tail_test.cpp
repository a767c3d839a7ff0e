// A master that lacks the last writes which an earlier one acknowledged: what is written to a shared stream
// then comes behind them, not in their place.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/two_drivers.hpp"

namespace streamhost::redis {
namespace {

using store::Status;
using namespace store::conformance;

class RedisLostTailTest : public testing::Test {
protected:
    template <typename Reply, typename Command>
    Reply run(Command&& command) {
        return run_on<Reply>(bench_, std::forward<Command>(command));
    }
    template <typename Reply, typename Command>
    static Reply run_on(RedisBench& bench, Command&& command) {
        const auto pending = start<Reply>(std::forward<Command>(command));
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(Reply());
    }
    static PublishReply publish_on(RedisBench& bench, const std::string& text) {
        const std::array<store::Entry, 1> entries{{{store::Type::kText, store::Buffer::copy_of(text)}}};
        return run_on<PublishReply>(bench, [&](store::PublishDone done) {
            return bench.store().streams().publish({.id = "h", .key = text, .entries = entries},
                                                   std::move(done));
        });
    }
    PublishReply publish(const std::string& text) { return publish_on(bench_, text); }
    PublishReply publish_elsewhere(const std::string& text) { return publish_on(other_, text); }
    PublishReply send(const std::string& text) {
        const std::array<store::Entry, 1> entries{{{store::Type::kMessage, store::Buffer::copy_of(text)}}};
        const std::string id = "h." + text;
        return run<PublishReply>([&](store::PublishDone done) {
            const store::SendRequest request{.home = "h",
                                             .key = text,
                                             .content_hash = "c",
                                             .run = id,
                                             .entries = entries,
                                             .job = "job",
                                             .user = "alice"};
            return bench_.store().streams().send(request, std::move(done));
        });
    }
    std::string texts() {
        const auto all = run<ReadReply>([&](store::ReadDone done) {
            return bench_.store().streams().read({.id = "h"}, std::move(done));
        });
        std::string words;
        for (const auto& record : all.records)
            words.append(record.data.view()).append(" ");
        return words;
    }

    // All keys as they are now; put back they are those of a replica that got no more.
    using Keys = std::vector<std::pair<std::string, std::string>>;
    static Keys save() {
        std::vector<std::string> names;
        const RespValue found = RedisBench::server().command({"KEYS", "*"});
        for (std::uint32_t at = 0; at < found.size(); ++at)
            names.emplace_back(found[at].text());
        Keys all;
        for (const std::string& name : names)
            all.emplace_back(name, RedisBench::server().command({"DUMP", name}).text());
        return all;
    }
    static void put_back(const Keys& all) {
        RedisBench::server().command({"FLUSHALL"});
        for (const auto& [name, value] : all)
            RedisBench::server().command({"RESTORE", name, "60000", value});
    }

    RedisBench bench_{{}};
    RedisBench other_{{}};  // another node
};

TEST_F(RedisLostTailTest, APublishComesBehindWhatWasAcknowledged) {
    publish("a");
    const Keys replica = save();
    publish("b");
    const auto last = publish("c").last;
    put_back(replica);
    const auto next = publish("d");
    EXPECT_EQ(next.status, Status::kOk);
    EXPECT_EQ(next.first, 4u);
    EXPECT_EQ(texts(), "a b c d ");
    EXPECT_EQ(publish("c").last, last) << "where it was acknowledged";
    EXPECT_EQ(publish("e").first, 5u);
}

TEST_F(RedisLostTailTest, ASendComesBehindWhatWasAcknowledged) {
    const Keys replica = save();
    publish("a");
    send("b");
    put_back(replica);
    const auto next = send("c");
    EXPECT_EQ(next.status, Status::kOk);
    EXPECT_EQ(next.first, 3u);
    EXPECT_EQ(texts(), "a b c ");
    EXPECT_EQ(send("b").status, Status::kDuplicate);
}

TEST_F(RedisLostTailTest, BehindWhatOthersWroteToTheNewMasterToo) {
    publish("a");
    const Keys replica = save();
    publish("b");
    publish("c");
    put_back(replica);
    ASSERT_EQ(publish_elsewhere("other").first, 2u);
    EXPECT_EQ(publish("d").status, Status::kOk);
    EXPECT_EQ(texts(), "a other b c d ");
}

// Its window of keys is for all who write to a stream.
TEST(RedisToldAgainTest, AWriteIsKnownWithoutItsKey) {
    store::Limits limits;
    limits.publish_keys = 2;
    RedisBench mine(limits);
    RedisBench theirs(limits);
    const auto publish = [](RedisBench& bench, const std::string& text) {
        const std::array<store::Entry, 1> entries{{{store::Type::kText, store::Buffer::copy_of(text)}}};
        const auto pending = start<PublishReply>([&](store::PublishDone done) {
            return bench.store().streams().publish({.id = "h", .key = text, .entries = entries},
                                                   std::move(done));
        });
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(PublishReply()).first;
    };
    EXPECT_EQ(publish(mine, "a"), 1u);
    for (const char* text : {"b", "c", "d"})
        publish(theirs, text);
    mine.port().flap();
    EXPECT_EQ(publish(mine, "e"), 5u) << "what was told again is not written again";
}

TEST_F(RedisLostTailTest, ANewMasterThatHasItAllIsAskedOnceForEachStream) {
    for (const char* text : {"a", "b", "c", "d"})
        publish(text);
    send("e");
    const std::uint64_t before = bench_.port().calls();
    bench_.port().flap();
    EXPECT_EQ(publish("f").first, 6u);
    EXPECT_EQ(bench_.port().calls(), before + 3)
        << "a write that proves that there can be one, a question, the write";
    EXPECT_EQ(texts(), "a b c d e f ");
}

TEST_F(RedisLostTailTest, AQuestionWritesNothing) {
    publish("a");
    const Keys replica = save();
    publish("b");
    send("c");
    put_back(replica);
    bench_.port().flap();
    EXPECT_EQ(publish("d").first, 4u);
    EXPECT_EQ(texts(), "a b c d ");
}

// Its newest write stands in front of another one of its own: it was there already, by another node.
TEST_F(RedisLostTailTest, AnAnswerThatAWriteIsThereDoesNotStandForTheOthers) {
    publish_elsewhere("a");
    const Keys replica = save();
    publish("b");
    EXPECT_EQ(publish("a").status, Status::kDuplicate);
    put_back(replica);
    bench_.port().flap();
    EXPECT_EQ(publish("c").first, 3u);
    EXPECT_EQ(texts(), "a b c ");
}

// A key only says that the entry is there, perhaps written anew ahead of what is missing.
TEST_F(RedisLostTailTest, AQuestionIsAnsweredByThePlaceOfTheEntry) {
    publish("a");
    const Keys replica = save();
    publish("b");
    send("c");
    publish("d");
    put_back(replica);
    publish_elsewhere("d");
    bench_.port().flap();
    publish("e");
    EXPECT_EQ(texts(), "a d b c e ");
}

// A node that claimed the run may be back before the one that took the message.
TEST_F(RedisLostTailTest, AMessageFindsItsRunClaimed) {
    const Keys replica = save();
    send("b");
    put_back(replica);
    const auto claimed = run<StreamReply>([&](store::StreamDone done) {
        const store::ClaimRequest request{
            .id = "h.b", .pid = 1, .lease_ms = 6'000, .rivals = store::Rivals::kNone};
        return bench_.store().streams().claim(request, std::move(done));
    });
    ASSERT_EQ(claimed.status, Status::kOk);
    bench_.port().flap();
    EXPECT_EQ(publish("c").first, 2u);
    EXPECT_EQ(texts(), "b c ");
    const std::string meta = KeyNames("streamhost:").meta("h.b");
    EXPECT_EQ(RedisBench::server().command({"HGET", meta, "u"}).text(), "alice");
    EXPECT_EQ(RedisBench::server().command({"HGET", meta, "j"}).text(), "job");
    EXPECT_EQ(send("b").status, Status::kDuplicate);
}

TEST_F(RedisLostTailTest, AStreamThatWasRemovedIsWrittenAnewAndThenAsEver) {
    publish("a");
    publish("b");
    put_back({});
    EXPECT_EQ(publish("c").first, 3u);
    EXPECT_EQ(publish("d").first, 4u);
    EXPECT_EQ(texts(), "a b c d ");
}

}  // namespace
}  // namespace streamhost::redis
