// What the next master is asked before anything is sent to it again: how much of it is there.
#include <string>

#include <gtest/gtest.h>

#include "support/repair_fixture.hpp"

namespace streamhost::redis {
namespace {

const std::string kDuplicate = answer_of(store::Status::kDuplicate);
const std::string kGap = answer_of(store::Status::kGap);

// The script of an owned stream shows its fields.
std::string gap_behind(int head) {
    const std::string fields =
        "o|o|0|0000000000000000|" + std::to_string(head) + "|0123456789abcdef|7|5|900|1|1000000|1000|0";
    return "*4\r\n:" + std::to_string(static_cast<int>(store::Status::kGap)) + "\r\n:1000\r\n$" +
           std::to_string(fields.size()) + "\r\n" + fields + "\r\n$0\r\n";
}

class RepairQuestionsTest : public RepairFixture {
protected:
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
};

TEST_F(RepairQuestionsTest, OfAStreamWhoseNewestWriteIsThereNothingElseIsSent) {
    keep_numbered("h.r", 1, 400);
    repair_->all();
    EXPECT_EQ(words(), "400 ");
    reply(1, kDuplicate);
    EXPECT_EQ(words(), "");
    EXPECT_FALSE(repair_->is_under_way("h"));
    EXPECT_EQ(repair_->reapplied(), 0U);
}

TEST_F(RepairQuestionsTest, OfAStreamThatLacksItAllIsSent) {
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

TEST_F(RepairQuestionsTest, OfAStreamThatLacksItsTailOnlyTheTailIsSent) {
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

TEST_F(RepairQuestionsTest, WhereOthersStandInTheirPlaceEarlierOnesAreAskedFor) {
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

TEST_F(RepairQuestionsTest, OfAStreamThatHasNothingOfItAllIsSent) {
    keep_shared(1, 12);
    repair_->all();
    for (int question = 0; question < 3; ++question) {
        ASSERT_EQ(port_.held.size(), 1U);
        reply(1, "*3\r\n:" + std::to_string(static_cast<int>(store::Status::kGap)) + "\r\n$0\r\n\r\n:45");
    }
    EXPECT_EQ(port_.held.size(), 12U);
}

TEST_F(RepairQuestionsTest, WhatAnEarlierMasterHasIsNotAskedFurther) {
    keep_numbered("h.a", 1, 3);
    repair_->all();
    repair_->all();
    reply(1, gap_behind(2));
    EXPECT_EQ(words(), "3 ") << "the next one is asked from the start";
}

TEST_F(RepairQuestionsTest, WhereTheQuestionIsNotAnsweredAllIsSent) {
    keep_numbered("h.a", 1, 2);
    repair_->all();
    port_.end(CallEnd::kTimeout);
    loop_.settle();
    EXPECT_EQ(words(), "1 2 ");
}

TEST_F(RepairQuestionsTest, AnotherMasterIsAskedAnew) {
    keep_numbered("h.a", 1, 2);
    repair_->all();
    repair_->all();
    reply(1, kDuplicate);
    EXPECT_EQ(words(), "2 ") << "the first answer was another master's";
    reply(1, kGap);
    EXPECT_EQ(words(), "1 2 ");
}

// What stands behind an end without a number could be missing in front of it.
TEST_F(RepairQuestionsTest, AnEndThatTheStoreNumberedIsNoQuestion) {
    keep_numbered("h.a", 1, 2);
    keeper_.acknowledged("h", {Keep::Kind::kEnd, "h.a"}, Call(lua::kFinish).arg(3), {}, loop_.now_ms());
    repair_->all();
    EXPECT_EQ(words(), "1 2 3 ");
}

TEST_F(RepairQuestionsTest, AWriteThatTheStoreNumberedIsOnlyAskedFor) {
    Call publish(lua::kPublish);
    publish.arg("a").floor(0);
    publish.acknowledged_as(7, "0123456789abcdef");
    keeper_.acknowledged("h", {Keep::Kind::kShared, "h", 7, true}, publish, {}, loop_.now_ms());
    repair_->all();
    EXPECT_EQ(words(), "?7|0123456789abcdef ");
    reply(1, kGap);
    EXPECT_EQ(words(), "=7|0123456789abcdef ");
}

}  // namespace
}  // namespace streamhost::redis
