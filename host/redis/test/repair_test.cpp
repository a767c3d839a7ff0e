// What a node sends again to the next master: all of it, however often it is stopped.
#include "redis/driver/repair.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/driver/lua_scripts.hpp"
#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {
namespace {

using store::Submit;

std::string last_word(const std::string& command) {
    const std::size_t line = command.rfind("\r\n", command.size() - 3);
    return command.substr(line + 2, command.size() - line - 4);
}

const std::string kDuplicate = "*1\r\n:" + std::to_string(static_cast<int>(store::Status::kDuplicate));
const std::string kGap = "*1\r\n:" + std::to_string(static_cast<int>(store::Status::kGap));

// The script of an owned stream shows its fields.
std::string gap_behind(int head) {
    const std::string fields =
        "o|o|0|0000000000000000|" + std::to_string(head) + "|0123456789abcdef|7|5|900|1|1000000|1000|0";
    return "*4\r\n:" + std::to_string(static_cast<int>(store::Status::kGap)) + "\r\n:1000\r\n$" +
           std::to_string(fields.size()) + "\r\n" + fields + "\r\n$0\r\n";
}

class RepairTest : public ::testing::Test {
protected:
    RepairTest() {
        RedisStoreOptions options;
        options.keeper_board = &board_;
        context_ = std::make_unique<Context>(std::move(options), port_, loop_, sink_);
        repair_ = std::make_unique<Repair>(*context_, keeper_, settled_ms_);
    }

    void keep(const std::string& home, int first, int last) {
        for (int number = first; number <= last; ++number)
            keeper_.acknowledged(home, {Keep::Kind::kAppend, home + ".r"}, Call(lua::kAppend).arg(number), {},
                                 loop_.now_ms());
    }
    // Appends of a stream, with their numbers.
    void keep_numbered(const std::string& id, int first, int last) {
        for (int number = first; number <= last; ++number)
            keeper_.acknowledged("h", {Keep::Kind::kAppend, id, static_cast<std::uint64_t>(number)},
                                 Call(lua::kAppend).arg(number), {}, loop_.now_ms());
    }
    void keep_shared(int first, int last) {
        for (int number = first; number <= last; ++number) {
            Call publish(lua::kPublish);
            publish.arg("a").floor(0);
            publish.acknowledged_as(static_cast<std::uint64_t>(number), "0123456789abcdef");
            keeper_.acknowledged("h", {Keep::Kind::kShared, "h", static_cast<std::uint64_t>(number), true},
                                 publish, {}, loop_.now_ms());
        }
    }
    // Of the calls on their way.
    std::string words() const {
        std::string all;
        for (const auto& held : port_.held)
            all += last_word(held.command) + " ";
        return all;
    }
    void reply(std::size_t calls, std::string_view text = "*1\r\n:1") {
        for (; calls > 0; --calls)
            port_.reply(text);
        loop_.settle();
    }
    void start(const std::string& home) {
        repair_->home(home, [this] { ++done_; });
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    KeeperBoard board_;
    Keeper keeper_{{}};
    std::unique_ptr<Context> context_;
    std::int64_t settled_ms_ = INT64_MAX;
    std::unique_ptr<Repair> repair_;
    int done_ = 0;
};

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

TEST_F(RepairTest, OfAStreamWhoseNewestWriteIsThereNothingElseIsSent) {
    keep_numbered("h.r", 1, 400);
    repair_->all();
    EXPECT_EQ(words(), "400 ");
    reply(1, kDuplicate);
    EXPECT_EQ(words(), "");
    EXPECT_FALSE(repair_->is_under_way("h"));
    EXPECT_EQ(repair_->reapplied(), 0U);
}

TEST_F(RepairTest, OfAStreamThatLacksItAllIsSent) {
    keep_numbered("h.a", 1, 3);
    keep_numbered("h.b", 4, 6);
    repair_->all();
    EXPECT_EQ(words(), "6 3 ");
    reply(1, kDuplicate);
    reply(1, kGap);
    EXPECT_EQ(words(), "1 2 3 ");
    reply(3);
    EXPECT_FALSE(repair_->is_under_way("h"));
    EXPECT_EQ(repair_->reapplied(), 3U);
}

TEST_F(RepairTest, OfAStreamThatLacksItsTailOnlyTheTailIsSent) {
    keep_numbered("h.a", 1, 20);
    repair_->all();
    reply(1, gap_behind(17));
    EXPECT_EQ(words(), "17 ") << "is what it has ours?";
    reply(1, kDuplicate);
    EXPECT_EQ(words(), "18 19 20 ");
    reply(3);
    EXPECT_FALSE(repair_->is_under_way("h"));
    EXPECT_EQ(repair_->reapplied(), 3U);
}

TEST_F(RepairTest, WhereOthersStandInTheirPlaceEarlierOnesAreAskedFor) {
    keep_shared(1, 40);
    repair_->all();
    EXPECT_EQ(words(), "?40|0123456789abcdef ");
    const std::string gap =
        "*3\r\n:" + std::to_string(static_cast<int>(store::Status::kGap)) + "\r\n$0\r\n\r\n:45";
    reply(1, gap);
    EXPECT_EQ(words(), "?39|0123456789abcdef ");
    reply(1, gap);
    EXPECT_EQ(words(), "?30|0123456789abcdef ");
    reply(1, gap);
    EXPECT_EQ(words(), "?13|0123456789abcdef ");
    reply(1, kDuplicate);
    ASSERT_EQ(port_.held.size(), 27U);
    EXPECT_EQ(last_word(port_.held.front().command), "=14|0123456789abcdef");
}

TEST_F(RepairTest, OfAStreamThatHasNothingOfItAllIsSent) {
    keep_shared(1, 12);
    repair_->all();
    for (int question = 0; question < 3; ++question) {
        ASSERT_EQ(port_.held.size(), 1U);
        reply(1, "*3\r\n:" + std::to_string(static_cast<int>(store::Status::kGap)) + "\r\n$0\r\n\r\n:45");
    }
    EXPECT_EQ(port_.held.size(), 12U);
}

TEST_F(RepairTest, WhatAnEarlierMasterHasIsNotAskedFurther) {
    keep_numbered("h.a", 1, 3);
    repair_->all();
    repair_->all();
    reply(1, gap_behind(2));
    EXPECT_EQ(words(), "3 ") << "the next one is asked from the start";
}

TEST_F(RepairTest, WhereTheQuestionIsNotAnsweredAllIsSent) {
    keep_numbered("h.a", 1, 2);
    repair_->all();
    port_.end(CallEnd::kTimeout);
    loop_.settle();
    EXPECT_EQ(words(), "1 2 ");
}

TEST_F(RepairTest, AnotherMasterIsAskedAnew) {
    keep_numbered("h.a", 1, 2);
    repair_->all();
    repair_->all();
    reply(1, kDuplicate);
    EXPECT_EQ(words(), "2 ") << "the first answer was another master's";
    reply(1, kGap);
    EXPECT_EQ(words(), "1 2 ");
}

// What stands behind an end without a number could be missing in front of it.
TEST_F(RepairTest, AnEndThatTheStoreNumberedIsNoQuestion) {
    keep_numbered("h.a", 1, 2);
    keeper_.acknowledged("h", {Keep::Kind::kEnd, "h.a"}, Call(lua::kFinish).arg(3), {}, loop_.now_ms());
    repair_->all();
    EXPECT_EQ(words(), "1 2 3 ");
}

TEST_F(RepairTest, AWriteThatTheStoreNumberedIsOnlyAskedFor) {
    Call publish(lua::kPublish);
    publish.arg("a").floor(0);
    publish.acknowledged_as(7, "0123456789abcdef");
    keeper_.acknowledged("h", {Keep::Kind::kShared, "h", 7, true}, publish, {}, loop_.now_ms());
    repair_->all();
    EXPECT_EQ(words(), "?7|0123456789abcdef ");
    reply(1, kGap);
    EXPECT_EQ(words(), "=7|0123456789abcdef ");
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
    const std::string none = "*1\r\n:" + std::to_string(static_cast<int>(store::Status::kNoStream));
    reply(1, none);
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
