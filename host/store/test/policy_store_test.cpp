// Which of the two stores a home belongs to, and the commands that ask both.
#include "store/policy/policy_store.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "memory_bench.hpp"
#include "store/conformance/replies.hpp"

namespace streamhost::store {
namespace {

using conformance::ListReply;
using conformance::OpenReply;
using conformance::PublishReply;

TEST(Policies, TheFirstRuleThatMatchesHolds) {
    const Policies policies({{"typing-*", Policy::kMemory}, {"t*", Policy::kLive}});
    EXPECT_EQ(policies.of("typing-7"), Policy::kMemory);
    EXPECT_EQ(policies.of("talk"), Policy::kLive);
    EXPECT_EQ(policies.of("other"), Policy::kDurable);
}

TEST(Policies, AStreamHasThePolicyOfItsHome) {
    const Policies policies({{"a*z", Policy::kMemory}});
    EXPECT_EQ(policies.of("abz.run-1"), Policy::kMemory);
    EXPECT_EQ(policies.of("ab.run-z"), Policy::kDurable);
}

// The two stores are looked into directly, too.
class PolicyStoreTest : public testing::Test {
protected:
    PolicyStoreTest() {
        auto durable = memory::make_memory_store({}, loop_, sink_);
        auto node = memory::make_memory_store({}, loop_, in_process_);
        durable_ = durable.get();
        node_ = node.get();
        store_ =
            make_policy_store(Policies({{"memo*", Policy::kMemory}}), std::move(durable), std::move(node));
    }
    ~PolicyStoreTest() override {
        store_->shutdown();
        loop_.settle();
    }

    template <typename Reply, typename Call>
    Reply run(Call&& call) {
        Reply reply;
        EXPECT_EQ(call([&](const auto& result) { reply = Reply(result); }), Submit::kAccepted);
        loop_.settle();
        return reply;
    }
    Status publish(std::string_view id) {
        const Entry entry{Type::kMessage, Buffer::copy_of("text")};
        return run<PublishReply>([&](PublishDone done) {
                   return store_->streams().publish({.id = id, .key = "k", .entries = {&entry, 1}},
                                                    std::move(done));
               })
            .status;
    }
    ListReply tail(const std::vector<std::string_view>& ids) {
        return run<ListReply>(
            [&](StreamListDone done) { return store_->streams().tail({.ids = ids}, std::move(done)); });
    }
    Status open_put(std::string_view member) {
        return run<OpenReply>([&](OpenDone done) {
                   return store_->jobs().open_put({.shard = "0", .member = member}, std::move(done));
               })
            .status;
    }
    OpenReply open_take(std::uint32_t max) {
        return run<OpenReply>([&](OpenDone done) {
            return store_->jobs().open_take({.shard = "0", .max = max}, std::move(done));
        });
    }

    conformance::ManualLoop loop_;
    conformance::RecordingSink sink_;
    InProcessSink in_process_{sink_};
    std::unique_ptr<Store> store_;
    Store* durable_ = nullptr;
    Store* node_ = nullptr;
};

TEST_F(PolicyStoreTest, WhatIsNotStoredStaysInThisProcess) {
    EXPECT_EQ(publish("memo1"), Status::kOk);
    EXPECT_EQ(publish("talk"), Status::kOk);
    EXPECT_EQ(node_->stats().streams, 1U);
    EXPECT_EQ(durable_->stats().streams, 1U);
    EXPECT_EQ(store_->stats().streams, 2U);
}

TEST_F(PolicyStoreTest, OneTailAsksBothAndKeepsTheOrder) {
    publish("memo1");
    publish("talk");
    const ListReply reply = tail({"talk", "memo1", "memo2", "talk2"});
    ASSERT_EQ(reply.status, Status::kOk);
    ASSERT_EQ(reply.items.size(), 4U);
    EXPECT_EQ(reply.items[0].id, "talk");
    EXPECT_EQ(reply.items[0].info.head.seq, 1U);
    EXPECT_EQ(reply.items[1].id, "memo1");
    EXPECT_EQ(reply.items[1].info.head.seq, 1U);
    EXPECT_EQ(reply.items[2].status, Status::kNoStream);
    EXPECT_EQ(reply.items[3].status, Status::kNoStream);
}

TEST_F(PolicyStoreTest, ATailThatOneRefusesIsRefusedOnce) {
    durable_->shutdown();
    const std::vector<std::string_view> ids{"talk", "memo1"};
    const Submit submit = store_->streams().tail(
        {.ids = ids}, [](const StreamListResult&) { FAIL() << "refused, and answered"; });
    loop_.settle();
    EXPECT_EQ(submit, Submit::kGone);
}

TEST_F(PolicyStoreTest, OpenRunsOfBothAreTakenUpToTheirNumber) {
    for (const char* run : {"memo1.a", "talk.a", "memo2.b", "talk.b"})
        EXPECT_EQ(open_put(run), Status::kOk);
    const OpenReply three = open_take(3);
    EXPECT_EQ(three.members.size(), 3U);
    EXPECT_EQ(three.size, 4U);
    EXPECT_EQ(open_take(3).members.size(), 1U);
}

TEST_F(PolicyStoreTest, AStoreThatIsAwayTakesNoOpenRunFromThisProcess) {
    EXPECT_EQ(open_put("memo1.a"), Status::kOk);
    durable_->shutdown();
    const OpenReply reply = open_take(8);
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_EQ(reply.members, std::vector<std::string>{"memo1.a"});
    EXPECT_EQ(open_take(8).status, Status::kGone);
}

TEST_F(PolicyStoreTest, TheLinkIsThatOfTheOtherStore) {
    loop_.settle();
    EXPECT_EQ(sink_.links.size(), 1U);
}

TEST_F(PolicyStoreTest, LiveRecordsOfBothArrive) {
    for (const char* home : {"memo1", "talk"}) {
        Status status = Status::kGone;
        EXPECT_EQ(store_->channels().subscribe({.home = home},
                                               [&](const ChannelResult& result) { status = result.status; }),
                  Submit::kAccepted);
        loop_.settle();
        EXPECT_EQ(status, Status::kOk);
        publish(home);
        EXPECT_EQ(sink_.of(home).size(), 1U);
    }
}

}  // namespace
}  // namespace streamhost::store
