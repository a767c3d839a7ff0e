// When a stream is claimed: not in the first seconds behind a change of master.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/driver/redis_store.hpp"
#include "store/chain.hpp"
#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {
namespace {

using store::Rivals;
using store::Status;
using store::Submit;

// Fields of an open stream whose lease has lapsed.
std::string fields() { return "o|o|0|0000000000000000|0|0000000000000000|7|5|900|1|1000000|1000|0"; }
constexpr std::string_view kDone = "*1\r\n:1";  // to a write that proves that there can be one
std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

class StreamsClaimTest : public testing::Test {
protected:
    StreamsClaimTest() { store_ = make_redis_store({}, port_, loop_, sink_); }
    ~StreamsClaimTest() override { store_->shutdown(); }

    Submit claim(Rivals rivals, std::uint32_t timeout_ms = 4'500) {
        return store_->streams().claim(
            {.id = "home.run", .pid = 5, .lease_ms = 6'000, .rivals = rivals, .timeout_ms = timeout_ms},
            [this](const store::StreamResult& result) { answers_.push_back(result.status); });
    }
    Submit append(const std::string& text) {
        store::Record record;
        record.data = store::Buffer::copy_of(text);
        store::chain(at_, {&record, 1});
        at_ = {record.seq, record.check};
        return store_->streams().append(
            {.id = "home.run", .fence = 7, .pid = 5, .records = {&record, 1}, .lease_ms = 6'000},
            [this](const auto& result) { answers_.push_back(result.status); });
    }
    void link(store::Link link) {
        port_.events->on_link(link, ++epoch_);
        if (link == store::Link::kUp && !port_.held.empty()) port_.reply(kDone);
    }
    void change_master() {
        link(store::Link::kUp);
        link(store::Link::kDown);
        link(store::Link::kUp);
    }
    void reply_claimed() {
        port_.end(CallEnd::kReply, "*5\r\n:1\r\n:1000\r\n" + bulk(fields()) + bulk("") + bulk(""));
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    std::vector<Status> answers_;
    std::unique_ptr<store::Store> store_;
    std::uint64_t epoch_ = 0;
    store::Position at_;
};

// A connection answers before the link counts as up: the store was away for longer than the window, and what
// this node holds counts all the same.
TEST_F(StreamsClaimTest, AnOutageIsCountedOutForWhatIsAnsweredBeforeTheLinkIsUp) {
    link(store::Link::kUp);
    ASSERT_EQ(claim(Rivals::kNone), Submit::kAccepted);
    reply_claimed();
    ASSERT_EQ(append("a"), Submit::kAccepted);
    port_.end(CallEnd::kReply,
              "*5\r\n:1\r\n:1000\r\n" + bulk(fields()) + ":1\r\n" + bulk("0123456789abcdef"));
    ASSERT_EQ(answers_, std::vector(2, Status::kOk));
    link(store::Link::kDown);
    loop_.advance(KeeperOptions().window_ms + 4'000);
    ASSERT_EQ(append("b"), Submit::kAccepted);
    port_.reply("*1\r\n:" + std::to_string(static_cast<int>(Status::kNoStream)));
    EXPECT_EQ(answers_.size(), 2U) << "what the store has lost is told first";
}

TEST_F(StreamsClaimTest, ANodeThatStartsClaimsAtOnce) {
    link(store::Link::kUp);
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(port_.held[0].is_once) << "the next connection may be one to another master";
    reply_claimed();
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsClaimTest, BehindAChangeOfMasterItWaits) {
    change_master();
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    loop_.advance(3'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_EQ(port_.held[0].timeout_ms, 500U);
    reply_claimed();
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsClaimTest, ItWaitsFromTheFirstWriteThatTheMasterTook) {
    link(store::Link::kUp);
    link(store::Link::kDown);
    port_.events->on_link(store::Link::kUp, ++epoch_);
    ASSERT_EQ(claim(Rivals::kPossible, 20'000), Submit::kAccepted);
    for (int refused = 0; refused < 3; ++refused) {
        ASSERT_EQ(port_.held.size(), 1U);
        loop_.advance(2'000);
        port_.end(CallEnd::kTimeout);  // the client has asked again and again
        loop_.advance(500);
    }
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kDone);
    loop_.advance(3'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1);
    ASSERT_EQ(port_.held.size(), 1U);
    reply_claimed();
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsClaimTest, WhatAnEarlierMasterTookSaysNothingOfThisOne) {
    link(store::Link::kUp);
    link(store::Link::kDown);
    port_.events->on_link(store::Link::kUp, ++epoch_);
    port_.events->on_link(store::Link::kDown, ++epoch_);
    port_.events->on_link(store::Link::kUp, ++epoch_);
    ASSERT_EQ(port_.held.size(), 2U);
    port_.reply(kDone);
    ASSERT_EQ(claim(Rivals::kPossible, 20'000), Submit::kAccepted);
    loop_.advance(1'000);
    port_.reply(kDone);
    loop_.advance(3'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1);
    EXPECT_EQ(port_.held.size(), 1U);
    reply_claimed();
}

TEST_F(StreamsClaimTest, WhereAWriteHadNoAnswerProducersComeFirst) {
    link(store::Link::kUp);
    ASSERT_EQ(store_->streams().renew({.id = "home.run", .fence = 7, .pid = 5, .timeout_ms = 1'000},
                                      [](const store::StreamResult&) {}),
              Submit::kAccepted);
    loop_.advance(1'000);
    port_.end(CallEnd::kTimeout);
    ASSERT_EQ(port_.held.size(), 1U) << "whether there can be a write now";
    port_.reply(kDone);
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    loop_.advance(3'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1);
    ASSERT_EQ(port_.held.size(), 1U);
    reply_claimed();
}

TEST_F(StreamsClaimTest, OneThatTheServerRefusesWaitsFromTheNextWriteOn) {
    link(store::Link::kUp);
    ASSERT_EQ(claim(Rivals::kPossible, 10'000), Submit::kAccepted);
    port_.reply("-NOREPLICAS Not enough good replicas to write.");
    EXPECT_TRUE(answers_.empty());
    ASSERT_EQ(port_.held.size(), 1U) << "whether there can be a write now";
    loop_.advance(1'000);
    port_.reply(kDone);
    loop_.advance(3'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1);
    ASSERT_EQ(port_.held.size(), 1U);
    reply_claimed();
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsClaimTest, WhereServersChangeRolesANodeThatStartsWaitsToo) {
    RedisStoreOptions options;
    options.keeper.settles_at_start = true;
    HeldPort port;
    const auto store = make_redis_store(std::move(options), port, loop_, sink_);
    port.events->on_link(store::Link::kUp, 1);
    port.reply(kDone);
    ASSERT_EQ(store->streams().claim({.id = "home.run", .pid = 5, .lease_ms = 6'000, .timeout_ms = 4'500},
                                     [](const store::StreamResult&) {}),
              Submit::kAccepted);
    loop_.advance(3'999);
    EXPECT_TRUE(port.held.empty());
    loop_.advance(1);
    EXPECT_EQ(port.held.size(), 1U);
    store->shutdown();
}

TEST_F(StreamsClaimTest, ANodeThatMayNotClaimYetLeavesJobsToOthers) {
    const auto taken = std::make_shared<std::vector<Status>>();
    const auto take = [&](std::uint32_t wait_ms) {
        return store_->jobs().take(
            {.queue = "runs", .consumer = "w", .max = 1, .wait_ms = wait_ms, .idle_ms = 1'000},
            [taken](const store::QueueResult& result) { taken->push_back(result.status); });
    };
    change_master();
    ASSERT_EQ(take(0), Submit::kAccepted);
    ASSERT_EQ(take(1'000), Submit::kAccepted);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(1'000);
    EXPECT_EQ(*taken, (std::vector{Status::kTimeout, Status::kTimeout}));
    ASSERT_EQ(take(5'000), Submit::kAccepted);
    loop_.advance(2'999);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(101);
    ASSERT_EQ(port_.held.size(), 1U) << "soon after it may claim";
    ASSERT_EQ(take(0), Submit::kAccepted);
    EXPECT_EQ(port_.held.size(), 2U) << "and then at once";
}

TEST_F(StreamsClaimTest, EachIsToldAtItsOwnTime) {
    link(store::Link::kUp);
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    loop_.advance(1'000);
    port_.events->on_link(store::Link::kDown, ++epoch_);
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    port_.end(CallEnd::kTimeout);
    loop_.advance(3'499);
    EXPECT_TRUE(answers_.empty());
    loop_.advance(1);
    EXPECT_EQ(answers_.size(), 1U);
    loop_.advance(1'000);
    EXPECT_EQ(answers_.size(), 2U);
}

TEST_F(StreamsClaimTest, WithoutALinkItWaitsToo) {
    link(store::Link::kUp);
    link(store::Link::kDown);
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    EXPECT_TRUE(port_.held.empty());
    loop_.advance(4'500);
    EXPECT_EQ(answers_, std::vector{Status::kUnavailable}) << "within its deadline, and without effect";
}

TEST_F(StreamsClaimTest, WhereNobodyElseClaimsItNeedNotWait) {
    change_master();
    ASSERT_EQ(claim(Rivals::kNone), Submit::kAccepted);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_FALSE(port_.held[0].is_once);
    reply_claimed();
}

TEST_F(StreamsClaimTest, OneWhoseConnectionEndedIsAskedAgainOnceItIsSettled) {
    link(store::Link::kUp);
    ASSERT_EQ(claim(Rivals::kPossible, 6'000), Submit::kAccepted);
    const std::string first = port_.held.at(0).command;
    port_.events->on_link(store::Link::kDown, ++epoch_);
    port_.end(CallEnd::kTimeout);
    EXPECT_TRUE(answers_.empty());
    link(store::Link::kUp);
    loop_.advance(4'000);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_EQ(port_.held[0].command, first) << "the same claim, which is recognised";
    reply_claimed();
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsClaimTest, OneThatWaitsIsToldOfTheEnd) {
    change_master();
    ASSERT_EQ(claim(Rivals::kPossible), Submit::kAccepted);
    store_->shutdown();
    loop_.settle();
    EXPECT_EQ(answers_, std::vector{Status::kGone});
    EXPECT_EQ(store_->stats().in_flight, 0U);
}

TEST_F(StreamsClaimTest, ALeaseThatLapsedIsShownAsAliveUntilItIsSettled) {
    std::vector<std::int64_t> left_ms;
    const auto look = [&] {
        const std::string_view ids[] = {"home.run"};
        ASSERT_EQ(store_->streams().tail({.ids = ids},
                                         [&](const store::StreamListResult& result) {
                                             left_ms.push_back(result.items[0].info.left_ms);
                                         }),
                  Submit::kAccepted);
        port_.end(CallEnd::kReply, "*2\r\n:1000\r\n*2\r\n" + bulk(fields()) + bulk(""));
    };
    link(store::Link::kUp);
    look();
    link(store::Link::kDown);
    look();
    link(store::Link::kUp);
    loop_.advance(1'000);
    look();
    loop_.advance(3'000);
    look();
    EXPECT_EQ(left_ms, (std::vector<std::int64_t>{0, 4'000, 3'000, 0}));
}

}  // namespace
}  // namespace streamhost::redis
