// What a node sends again to the next master: all of it, however often it is stopped.
#include <string>

#include <gtest/gtest.h>

#include "support/repair_fixture.hpp"

namespace streamhost::redis {
namespace {

using store::Submit;

const std::string kGap = answer_of(store::Status::kGap);

class RepairTest : public RepairFixture {};

TEST_F(RepairTest, AHomeGoesInBatches) {
    keep("h", 1, 600);
    start("h");
    ASSERT_EQ(port_.held.size(), 256U);
    reply(255);
    EXPECT_EQ(port_.held.size(), 1U) << "the next when all of the last are answered";
    reply(1);
    ASSERT_EQ(port_.held.size(), 256U);
    EXPECT_EQ(last_word(port_.held.front().command), "257");
    reply(256);
    ASSERT_EQ(port_.held.size(), 88U);
    EXPECT_EQ(done_, 0);
    reply(88);
    EXPECT_EQ(done_, 1);
    EXPECT_TRUE(port_.held.empty());
    EXPECT_EQ(repair_->reapplied(), 600U);
    EXPECT_EQ(board_.reapplied.load(), 600U);
}

TEST_F(RepairTest, WhatIsKeptMeanwhileIsKnownToThisMaster) {
    keep("h", 1, 300);
    start("h");
    keep("h", 301, 310);
    reply(256);
    EXPECT_EQ(port_.held.size(), 44U);
    reply(44);
    EXPECT_EQ(done_, 1);
}

TEST_F(RepairTest, AHomeOfWhichNothingIsKeptIsDoneLater) {
    start("h");
    EXPECT_EQ(done_, 0) << "never inside";
    loop_.settle();
    EXPECT_EQ(done_, 1);
    EXPECT_FALSE(repair_->is_under_way("h"));
}

TEST_F(RepairTest, ACallThatFoundNoRoomIsSentAfterAWhile) {
    keep("h", 1, 3);
    port_.next = Submit::kBusy;
    start("h");
    loop_.settle();
    EXPECT_EQ(done_, 0);
    EXPECT_EQ(repair_->stops(), 1U);
    EXPECT_EQ(board_.stops.load(), 1U);
    port_.next = Submit::kAccepted;
    loop_.advance(99);
    EXPECT_EQ(words(), "");
    loop_.advance(1);
    EXPECT_EQ(words(), "1 2 3 ");
    reply(3);
    EXPECT_EQ(done_, 1);
}

TEST_F(RepairTest, GoesOnFromTheFirstCallThatNoScriptAnswered) {
    keep("h", 1, 5);
    start("h");
    reply(2);
    port_.end(CallEnd::kTimeout);
    reply(1);
    port_.end(CallEnd::kUnavailable);
    loop_.settle();
    EXPECT_EQ(done_, 0);
    loop_.advance(100);
    EXPECT_EQ(words(), "3 4 5 ");
    reply(1, "-OOM command not allowed");
    reply(2);
    EXPECT_EQ(done_, 0);
    EXPECT_EQ(repair_->stops(), 2U);
    loop_.advance(199);
    EXPECT_EQ(words(), "") << "waits longer each time";
    loop_.advance(1);
    EXPECT_EQ(words(), "3 4 5 ");
    reply(3, "*1\r\n:2");
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(repair_->reapplied(), 5U);
}

TEST_F(RepairTest, WhatAScriptRefusesIsAnswered) {
    keep("h", 1, 2);
    start("h");
    reply(1, "-FOREIGN somebody else's");
    reply(1);
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(repair_->stops(), 0U);
}

// Its producer's node sends it, at its own time.
TEST_F(RepairTest, TheEndOfARunWaitsUntilTheRunIsThere) {
    keeper_.acknowledged("h", {Keep::Kind::kEnd, "h.a"}, Call(lua::kFinish).arg(1), {}, loop_.now_ms());
    keep("h", 2, 2);
    start("h");
    reply(1, answer_of(store::Status::kNoStream));
    reply(1);
    EXPECT_EQ(done_, 0);
    loop_.advance(100);
    EXPECT_EQ(words(), "1 2 ");
    reply(2);
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(repair_->stops(), 1U);
}

// The text in front of it, too, as long as somebody who has it may still come.
TEST_F(RepairTest, TheEndOfARunWaitsForItsTextUntilTheMasterHasSettled) {
    settled_ms_ = loop_.now_ms() + 300;
    Call finish(lua::kFinish);
    finish.arg("end").floor(0);
    finish.floor(7);
    keeper_.acknowledged("h", {Keep::Kind::kEnd, "h.a"}, finish, {}, loop_.now_ms());
    start("h");
    EXPECT_EQ(words(), "7 ");
    reply(1, kGap);
    EXPECT_EQ(done_, 0);
    loop_.advance(100);
    EXPECT_EQ(words(), "7 ");
    reply(1, kGap);
    loop_.advance(200);
    EXPECT_EQ(words(), "0 ") << "whoever had it is gone, and every run ends";
    reply(1);
    EXPECT_EQ(done_, 1);
}

TEST_F(RepairTest, TriesEachTwoSecondsUntilTheWriteIsOver) {
    keep("h", 1, 1);
    start("h");
    int tries = 0;
    bool is_done_early = false;
    for (std::int64_t ms = 0; ms < 20'000; ms += 100) {
        is_done_early |= ms <= 15'000 && done_ > 0;
        if (!port_.held.empty()) {
            ++tries;
            reply(1, "-MISCONF no disk");
        }
        loop_.advance(100);
    }
    EXPECT_FALSE(is_done_early);
    EXPECT_GE(tries, 11);
    EXPECT_LE(tries, 13);
    EXPECT_EQ(done_, 1) << "one that is never taken stops the others no longer than it is kept";
}

TEST_F(RepairTest, AnotherMasterIsToldFromTheStart) {
    keep("h", 1, 300);
    repair_->all();
    reply(256);
    ASSERT_EQ(port_.held.size(), 44U);
    repair_->link_down();
    start("h");
    repair_->all();
    EXPECT_EQ(port_.held.size(), 44U) << "no more than a batch is on its way";
    reply(44);
    ASSERT_EQ(port_.held.size(), 256U);
    EXPECT_EQ(last_word(port_.held.front().command), "1");
    EXPECT_EQ(done_, 0);
    reply(256);
    reply(44);
    EXPECT_EQ(done_, 1);
    EXPECT_TRUE(port_.held.empty());
}

TEST_F(RepairTest, WithoutALinkItRestsUntilTheNext) {
    keep("h", 1, 2);
    start("h");
    repair_->link_down();
    port_.end(CallEnd::kUnavailable);
    port_.end(CallEnd::kUnavailable);
    loop_.advance(60'000);
    EXPECT_EQ(words(), "");
    repair_->all();
    EXPECT_EQ(words(), "1 2 ");
    reply(2);
    EXPECT_EQ(done_, 1);
}

TEST_F(RepairTest, OneHomeThatIsStoppedHoldsUpNoOther) {
    for (int home = 0; home < 40; ++home)
        keep("h" + std::to_string(home), home, home);
    repair_->all();
    ASSERT_EQ(port_.held.size(), 32U) << "a few at a time";
    for (int home = 0; home < 32; ++home)
        port_.reply("-OOM");
    loop_.settle();
    EXPECT_EQ(port_.held.size(), 8U);
    reply(8);
    loop_.advance(100);
    EXPECT_EQ(port_.held.size(), 32U);
    reply(32);
    EXPECT_EQ(repair_->reapplied(), 40U);
    EXPECT_EQ(repair_->stops(), 32U);
}

TEST_F(RepairTest, WhoWaitsIsToldOfTheEnd) {
    keep("h", 1, 2);
    start("h");
    context_->close();
    repair_->close();
    EXPECT_EQ(done_, 0) << "never inside";
    loop_.settle();
    EXPECT_EQ(done_, 1);
    loop_.advance(10'000);
    EXPECT_TRUE(port_.held.empty());
}

}  // namespace
}  // namespace streamhost::redis
