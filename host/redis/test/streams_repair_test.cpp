// Writes to a master that lacks what an earlier one acknowledged: their deadlines, and what they wait for.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/driver/redis_store.hpp"
#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {
namespace {

using store::Status;
using store::Submit;

constexpr std::string_view kDone = "*1\r\n:1";  // to a write that proves that there can be one
constexpr std::string_view kOk = "*5\r\n:1\r\n$0\r\n\r\n:1\r\n:1\r\n$16\r\n0123456789abcdef";
const std::string kGap = "*2\r\n:" + std::to_string(static_cast<int>(Status::kGap)) + "\r\n$0\r\n";

const std::string kConflict = "*1\r\n:" + std::to_string(static_cast<int>(Status::kConflict));
const std::string kNoStream = "*1\r\n:" + std::to_string(static_cast<int>(Status::kNoStream));

class StreamsRepairTest : public testing::Test {
protected:
    StreamsRepairTest() {
        RedisStoreOptions options;
        options.keeper_board = &board_;
        store_ = make_redis_store(std::move(options), port_, loop_, sink_);
        port_.events->on_link(store::Link::kUp, 1);
    }
    ~StreamsRepairTest() override {
        if (store_) store_->shutdown();
    }

    void publish(const std::string& key, std::uint32_t timeout_ms = 4'000) {
        const std::array<store::Entry, 1> entries{{{store::Type::kText, store::Buffer::copy_of(key)}}};
        ASSERT_EQ(
            store_->streams().publish({.id = "h", .key = key, .entries = entries, .timeout_ms = timeout_ms},
                                      [this](const auto& result) { answers_.push_back(result.status); }),
            Submit::kAccepted);
    }
    void finish() {
        ASSERT_EQ(store_->streams().finish(
                      {.id = "h.r", .timeout_ms = 1'000},
                      [this](const store::StreamResult& result) { answers_.push_back(result.status); }),
                  Submit::kAccepted);
    }
    void link_up_again() {
        port_.events->on_link(store::Link::kUp, 2);
        port_.reply(kDone);
    }
    // One acknowledged write, and another one that the next master refuses for want of it.
    void find_gap() {
        publish("a");
        port_.reply(kOk);
        publish("b");
        loop_.advance(1'000);
        port_.reply(kGap);
        loop_.settle();
        port_.reply(kGap);  // to the question for the first one
        loop_.settle();
        answers_.clear();
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    KeeperBoard board_;
    std::vector<Status> answers_;
    std::unique_ptr<store::Store> store_;
};

TEST_F(StreamsRepairTest, WhatIsAskedAgainGetsWhatIsLeftOfItsTime) {
    find_gap();
    EXPECT_GT(board_.bytes.load(), 0U);
    ASSERT_EQ(port_.held.size(), 1U) << "what is missing goes first";
    EXPECT_EQ(store_->stats().in_flight, 1U);
    loop_.advance(500);
    port_.reply(kOk);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_EQ(port_.held[0].timeout_ms, 2'500U);
    port_.reply(kOk);
    EXPECT_EQ(answers_, std::vector{Status::kOk});
    EXPECT_EQ(store_->stats().in_flight, 0U);
    EXPECT_EQ(board_.reapplied.load(), 1U);
    loop_.advance(10'000);
    EXPECT_EQ(answers_.size(), 1U) << "its deadline is over with it";
}

TEST_F(StreamsRepairTest, AMasterThatIsWipedMeanwhileIsToldAgain) {
    find_gap();
    port_.reply(kOk);  // what was missing
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kGap);  // and is so again, as the second one is asked again
    loop_.settle();
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kOk);
    loop_.settle();
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kOk);
    EXPECT_EQ(answers_, std::vector{Status::kOk});
}

TEST_F(StreamsRepairTest, ButNotForEver) {
    find_gap();
    int times = 0;
    for (; answers_.empty() && times < 100; ++times) {
        ASSERT_EQ(port_.held.size(), 1U);
        port_.reply(kOk);
        loop_.settle();
        ASSERT_EQ(port_.held.size(), 1U);
        port_.reply(kGap);
        loop_.settle();
    }
    EXPECT_EQ(times, 4);
    EXPECT_EQ(answers_, std::vector{Status::kGap});
}

TEST_F(StreamsRepairTest, OneWhoseTimePassesMeanwhileIsToldSo) {
    find_gap();
    loop_.advance(2'999);
    EXPECT_TRUE(answers_.empty());
    loop_.advance(1);
    EXPECT_EQ(answers_, std::vector{Status::kTimeout});
    EXPECT_EQ(store_->stats().in_flight, 0U);
    port_.reply(kOk);
    loop_.settle();
    EXPECT_TRUE(port_.held.empty()) << "nobody asks for it any more";
    EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(StreamsRepairTest, OneThatIsNotTakenAgainIsToldWhy) {
    find_gap();
    port_.next = Submit::kBusy;
    port_.reply(kOk);
    loop_.settle();
    EXPECT_EQ(answers_, std::vector{Status::kUnavailable});
    port_.next = Submit::kAccepted;
    find_gap();
    store_->shutdown();
    EXPECT_TRUE(answers_.empty()) << "never inside";
    loop_.settle();
    EXPECT_EQ(answers_, std::vector{Status::kGone});
    EXPECT_EQ(store_->stats().in_flight, 0U);
}

// Else it would stand in the place of an entry that the earlier master acknowledged.
TEST_F(StreamsRepairTest, OneWhoseStreamCouldNotBeRepairedWholeIsNotSent) {
    find_gap();
    port_.reply("-OOM command not allowed when used memory > 'maxmemory'.");
    loop_.settle();
    EXPECT_TRUE(port_.held.empty()) << "what is missing rests, and the write behind it waits";
    loop_.advance(100);
    ASSERT_EQ(port_.held.size(), 1U);
    port_.end(CallEnd::kUnavailable);
    loop_.settle();
    EXPECT_TRUE(port_.held.empty());
    EXPECT_TRUE(answers_.empty());
    loop_.advance(2'900);
    EXPECT_EQ(answers_, std::vector{Status::kTimeout});
    EXPECT_EQ(store_->stats().in_flight, 0U);
    ASSERT_EQ(port_.held.size(), 1U) << "what is missing is tried on";
    EXPECT_EQ(port_.held[0].command.find("$1\r\nb\r\n"), std::string::npos);
    EXPECT_NE(port_.held[0].command.find("$1\r\na\r\n"), std::string::npos);
    port_.reply(kOk);
    loop_.settle();
    EXPECT_TRUE(port_.held.empty()) << "and the write is over";
    EXPECT_EQ(board_.stops.load(), 2U);
}

TEST_F(StreamsRepairTest, AStoreThatGoesDuringARepairAnswersFirst) {
    find_gap();
    store_.reset();
    EXPECT_EQ(answers_, std::vector{Status::kGone});
    loop_.advance(10'000);
    EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(StreamsRepairTest, WhatIsPublishedWaitsBehindTheTail) {
    find_gap();
    publish("c");
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kOk);
    ASSERT_EQ(port_.held.size(), 2U);
    EXPECT_NE(port_.held[0].command.find("$1\r\nb\r\n"), std::string::npos) << "in the order of the calls";
    EXPECT_NE(port_.held[1].command.find("$1\r\nc\r\n"), std::string::npos);
    port_.reply(kOk);
    port_.reply(kOk);
    EXPECT_EQ(answers_.size(), 2U);
}

// Whatever stood in front of it was never told to this master.
TEST_F(StreamsRepairTest, WhatANewMasterTookBeforeItsLinkCameUpStandsForNothingElse) {
    publish("a");
    port_.reply(kOk);
    publish("b");
    port_.events->on_link(store::Link::kDown, 1);
    port_.reply(kOk);
    EXPECT_EQ(answers_.size(), 2U);
    link_up_again();
    ASSERT_EQ(port_.held.size(), 2U) << "it is not asked for the newest one alone";
    EXPECT_NE(port_.held[0].command.find("$1\r\na\r\n"), std::string::npos);
    EXPECT_NE(port_.held[0].command.find("\r\n=1|"), std::string::npos);
}

// However long it was away: who answers before the link counts as up was not told yet what is kept.
TEST_F(StreamsRepairTest, WhatIsTakenBeforeTheLinkCountsAsUpLetsNothingElseGo) {
    publish("a");
    port_.reply(kOk);
    port_.events->on_link(store::Link::kDown, 1);
    loop_.advance(20'000);
    publish("b");
    EXPECT_NE(port_.held[0].command.find("\r\n$1\r\n1\r\n$1\r\nt\r\n"), std::string::npos)
        << "it may be behind";
    port_.reply(kOk);
    link_up_again();
    ASSERT_EQ(port_.held.size(), 2U);
    EXPECT_NE(port_.held[0].command.find("$1\r\na\r\n"), std::string::npos);
    EXPECT_NE(port_.held[1].command.find("$1\r\nb\r\n"), std::string::npos);
}

TEST_F(StreamsRepairTest, AFinishWithoutAMasterWaitsForTheNextOneAndTheTail) {
    publish("a");
    port_.reply(kOk);
    port_.events->on_link(store::Link::kDown, 1);
    finish();
    EXPECT_TRUE(port_.held.empty());
    EXPECT_EQ(store_->stats().in_flight, 1U);
    loop_.advance(300);
    link_up_again();
    loop_.advance(200);
    ASSERT_EQ(port_.held.size(), 1U) << "the tail goes first";
    port_.reply(kGap);
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kOk);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(port_.held[0].is_once);
    EXPECT_EQ(port_.held[0].timeout_ms, 500U);
    port_.reply(kConflict);
    EXPECT_EQ(answers_.back(), Status::kConflict);
    EXPECT_EQ(store_->stats().in_flight, 0U);
}

TEST_F(StreamsRepairTest, AFinishWhoseConnectionEndedIsNotSentAheadOfTheTail) {
    publish("a");
    port_.reply(kOk);
    finish();
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(port_.held[0].is_once) << "the next connection may be one to another master";
    port_.events->on_link(store::Link::kDown, 1);
    port_.end(CallEnd::kTimeout);
    EXPECT_EQ(answers_.size(), 1U);
    link_up_again();
    loop_.advance(100);
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kGap);
    port_.reply(kOk);
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kConflict);
    EXPECT_EQ(answers_.back(), Status::kConflict);
}

TEST_F(StreamsRepairTest, AFinishOfARunThatTheMasterMayBeToldOfIsAskedAgain) {
    port_.events->on_link(store::Link::kDown, 1);
    link_up_again();
    finish();
    port_.reply(kNoStream);
    EXPECT_TRUE(answers_.empty());
    loop_.advance(100);
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kConflict);
    EXPECT_EQ(answers_, std::vector{Status::kConflict});

    finish();
    port_.reply(kNoStream);
    for (int times = 0; times < 9; ++times) {
        loop_.advance(100);
        port_.reply(kNoStream);
    }
    EXPECT_EQ(answers_.size(), 1U);
    loop_.advance(100);
    EXPECT_EQ(answers_.back(), Status::kUnavailable) << "its time is over";

    loop_.advance(4'000);
    finish();
    port_.reply(kNoStream);
    EXPECT_EQ(answers_.back(), Status::kNoStream) << "nobody will tell it any more";
    EXPECT_EQ(store_->stats().in_flight, 0U);
}

TEST_F(StreamsRepairTest, AFinishWithoutAMasterIsToldSoInTime) {
    port_.events->on_link(store::Link::kDown, 1);
    finish();
    loop_.advance(999);
    EXPECT_TRUE(answers_.empty());
    loop_.advance(1);
    EXPECT_EQ(answers_, std::vector{Status::kUnavailable});
}

TEST_F(StreamsRepairTest, AFinishIsToldAgainAsBehindWhatItEnded) {
    finish();
    EXPECT_TRUE(port_.held[0].command.ends_with("\r\n$1\r\n0\r\n")) << "wherever the run stands";
    const std::string fields = "o|x|0|0000000000000000|4|0123456789abcdef|7|5|0|1|1000000|1000|0";
    port_.reply("*4\r\n:1\r\n:1000\r\n$" + std::to_string(fields.size()) + "\r\n" + fields + "\r\n$0\r\n");
    ASSERT_EQ(answers_, std::vector{Status::kOk});
    link_up_again();
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(port_.held[0].command.ends_with("\r\n$1\r\n3\r\n"));
    port_.reply(kGap);
    loop_.settle();
    loop_.advance(4'000);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(port_.held[0].command.ends_with("\r\n$1\r\n0\r\n")) << "and every run ends";
}

TEST_F(StreamsRepairTest, AFinishWaitsForTheTailOfItsRun) {
    publish("a");
    port_.reply(kOk);
    port_.events->on_link(store::Link::kDown, 1);
    link_up_again();
    ASSERT_EQ(port_.held.size(), 1U);
    finish();
    ASSERT_EQ(port_.held.size(), 1U);
    port_.reply(kGap);
    port_.reply(kOk);
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_EQ(port_.held[0].timeout_ms, 1'000U);
    port_.reply(kConflict);
    EXPECT_EQ(answers_.back(), Status::kConflict);
}

}  // namespace
}  // namespace streamhost::redis
