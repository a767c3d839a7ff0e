#include "redis/driver/keeper.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

using store::Status;
using store::StreamInfo;

constexpr Script kScript{"write", "return 1", "0"};
constexpr KeeperOptions kOptions{
    .window_ms = 1'000, .most_ms = 10'000, .max_bytes = 100'000, .per_stream = 3};

constexpr std::int64_t kNow = 10;

Call call(std::string_view word) { return Call(kScript).arg(word); }
StreamInfo info(std::uint64_t fence, std::uint64_t head = 0) {
    StreamInfo made;
    made.fence = fence;
    made.head.seq = head;
    return made;
}

class KeeperTest : public ::testing::Test {
protected:
    void claim(const std::string& id, std::uint64_t fence, std::int64_t now_ms) {
        keeper_.acknowledged("h", {Keep::Kind::kClaim, id}, call(id), info(fence), now_ms);
    }
    void append(const std::string& id, std::uint64_t last, std::int64_t now_ms) {
        keeper_.acknowledged("h", {Keep::Kind::kAppend, id, last}, call(id + std::to_string(last)),
                             info(7, last), now_ms);
    }
    void publish(const std::string& id, const std::string& word, std::int64_t now_ms,
                 std::uint64_t last = 1) {
        keeper_.acknowledged("h", {Keep::Kind::kShared, id, last}, call(word), {}, now_ms);
    }
    std::string held(std::string_view home = "h") const {
        std::string words;
        for (const auto& each : keeper_.calls_of(home, 0, SIZE_MAX)) {
            const std::string command = each.call.by_hash();  // ends: word CR LF
            const std::size_t line = command.rfind("\r\n", command.size() - 3);
            words += command.substr(line + 2, command.size() - line - 4) + " ";
        }
        return words;
    }
    Keeper keeper_{kOptions};
};

TEST_F(KeeperTest, HoldsInTheOrderOfTheAcknowledgements) {
    publish("h", "send", 0);
    claim("h.r", 7, 1);
    append("h.r", 3, 2);
    publish("h", "state", 3);
    EXPECT_EQ(held(), "send h.r h.r3 state ");
    EXPECT_EQ(keeper_.homes(), std::vector<std::string>{"h"});
}

TEST_F(KeeperTest, AMasterThatLacksWhatWasAcknowledgedIsRecognised) {
    claim("h.r", 7, 0);
    append("h.r", 5, 1);
    EXPECT_TRUE(keeper_.knows_better("h.r", Status::kNoStream, {}, kNow));
    EXPECT_TRUE(keeper_.knows_better("h.r", Status::kFenced, info(6), kNow));
    EXPECT_TRUE(keeper_.knows_better("h.r", Status::kGap, info(7, 4), kNow));
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kFenced, info(8), kNow)) << "overtaken";
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kGap, info(7, 5), kNow)) << "the producer's own mistake";
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kEnded, info(7, 5), kNow));
    EXPECT_FALSE(keeper_.knows_better("h.other", Status::kNoStream, {}, kNow));
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kNoStream, {}, 1'001))
        << "forgotten since, as it should be";
}

TEST_F(KeeperTest, TheHeadOfASharedStreamIsTheLastAcknowledgedOneWithinTheWindow) {
    EXPECT_EQ(keeper_.shared_head("h", 0), 0u);
    publish("h", "a", 0, 8);
    publish("h", "b", 500, 9);
    publish("h.s", "other", 500, 3);
    EXPECT_EQ(keeper_.shared_head("h", kNow), 9u);
    EXPECT_EQ(keeper_.shared_head("h.s", kNow), 3u);
    keeper_.sweep(1'499, 100);
    EXPECT_EQ(keeper_.shared_head("h", 1'499), 9u);
    EXPECT_EQ(keeper_.shared_head("h", 1'500), 0u);
    publish("h", "c", 2'000, 2);
    EXPECT_EQ(keeper_.shared_head("h", 2'000), 2u) << "begun anew";
    keeper_.sweep(3'000, 100);
    EXPECT_EQ(keeper_.shared_head("h", 2'500), 0u) << "gone with its last write";
}

TEST_F(KeeperTest, WhatIsSharedGoesAfterTheWindow) {
    publish("h", "old", 0);
    publish("h", "new", 900);
    keeper_.sweep(1'000, 100);
    EXPECT_EQ(held(), "new ");
    keeper_.sweep(1'900, 100);
    EXPECT_EQ(held(), "");
    EXPECT_EQ(keeper_.bytes(), 0u);
    EXPECT_EQ(keeper_.dropped(), 0u);
}

TEST_F(KeeperTest, AnOwnedStreamIsHeldWholeWhileItLivesAndAWindowLonger) {
    claim("h.r", 7, 0);
    for (int second = 1; second <= 5; ++second) {
        append("h.r", static_cast<std::uint64_t>(second), second * 900);
        keeper_.sweep(second * 900, 100);
    }
    EXPECT_EQ(held(), "h.r h.r1 h.r2 h.r3 h.r4 h.r5 ");
    keeper_.acknowledged("h", {Keep::Kind::kSign, "h.r"}, call("renew"), info(7), 5'300);
    keeper_.sweep(6'299, 100);
    EXPECT_EQ(held(), "h.r h.r1 h.r2 h.r3 h.r4 h.r5 ") << "renewed meanwhile";
    keeper_.sweep(6'300, 100);
    EXPECT_EQ(held(), "");
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kNoStream, {}, kNow));
}

// The first look comes while the beginning is old enough to go and the end is not; others are written all the
// time, so that the next look at the beginning is far away.
TEST_F(KeeperTest, AnOwnedStreamGoesAsAWhole) {
    claim("h.r", 7, 0);
    append("h.r", 1, 100);
    append("h.r", 2, 400);
    publish("h", "later", 1'050);
    keeper_.sweep(1'150, 100);
    EXPECT_EQ(held(), "h.r h.r1 h.r2 later ");
    publish("h", "last", 1'300);
    keeper_.sweep(1'399, 100);
    EXPECT_EQ(held(), "h.r h.r1 h.r2 later last ");
    keeper_.sweep(1'400, 100);
    EXPECT_EQ(held(), "later last ") << "a claim alone would make a run of it that nobody ends";
}

TEST_F(KeeperTest, AtTheBoundAnOwnedStreamLosesItsBeginningFirst) {
    const std::string big(30'000, 'x');
    const auto append_big = [&](std::uint64_t last, std::int64_t now_ms) {
        keeper_.acknowledged("h", {Keep::Kind::kAppend, "h.r", last}, call(big), info(7, last), now_ms);
    };
    claim("h.r", 7, 0);
    append_big(1, 100);
    append_big(2, 500);
    keeper_.sweep(1'200, 100);  // looked at the first two, and put them behind the third
    append_big(3, 1'200);
    EXPECT_EQ(keeper_.dropped(), 0u);
    keeper_.acknowledged("g", {Keep::Kind::kShared, "g", 1}, call(big), {}, 1'200);
    EXPECT_EQ(keeper_.dropped(), 2u);
    const auto left = keeper_.calls_of("h", 0, SIZE_MAX);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].last, 2u);
    EXPECT_EQ(left[1].last, 3u);
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kNoStream, {}, 1'200)) << "not from its start";
}

TEST_F(KeeperTest, TimeWithoutAMasterDoesNotCount) {
    claim("h.r", 7, 0);
    append("h.r", 5, 100);
    publish("h", "message", 200);
    keeper_.was_away(300, 4'300);
    keeper_.sweep(4'300, 100);
    EXPECT_EQ(held(), "h.r h.r5 message ");
    EXPECT_TRUE(keeper_.knows_better("h.r", Status::kNoStream, {}, 4'300));
    keeper_.sweep(5'099, 100);
    EXPECT_EQ(held(), "h.r h.r5 message ") << "a window, less what had passed before";
    EXPECT_TRUE(keeper_.knows_better("h.r", Status::kNoStream, {}, 5'099));
    keeper_.sweep(5'200, 100);
    EXPECT_EQ(held(), "");
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kNoStream, {}, 5'200));
}

// Else the server would not know the repeat any more, and write it once more.
TEST_F(KeeperTest, NoOutageKeepsAWriteForLongerThanARepeatIsKnown) {
    publish("h", "old", 0);
    publish("h", "new", 5'000);
    keeper_.was_away(5'100, 10'000);
    keeper_.sweep(10'000, 100);
    EXPECT_EQ(held(), "new ");
    for (std::int64_t from_ms = 10'100; from_ms < 20'000; from_ms += 1'000)
        keeper_.was_away(from_ms, from_ms + 900);
    keeper_.sweep(19'000, 100);
    EXPECT_EQ(held(), "") << "nor do many";
}

TEST_F(KeeperTest, OfASharedStreamNoMoreThanItsWindowOfKeysRecalls) {
    for (const char* word : {"a", "b", "c", "d"})
        publish("h", word, 0);
    publish("h.s", "other", 0);
    EXPECT_EQ(held(), "b c d other ");
    EXPECT_EQ(keeper_.dropped(), 1u);
}

TEST_F(KeeperTest, AtTheBoundTheOldestGoAndNothingIsClaimedOfThem) {
    const std::string big(40'000, 'x');
    keeper_.acknowledged("h", {Keep::Kind::kClaim, "h.r"}, call(big), info(7), 0);
    keeper_.acknowledged("g", {Keep::Kind::kShared, "g"}, call(big), {}, 1);
    EXPECT_EQ(keeper_.dropped(), 0u);
    keeper_.acknowledged("f", {Keep::Kind::kShared, "f"}, call(big), {}, 2);
    EXPECT_EQ(keeper_.dropped(), 1u);
    EXPECT_TRUE(keeper_.calls_of("h", 0, 1).empty());
    EXPECT_FALSE(keeper_.knows_better("h.r", Status::kNoStream, {}, kNow));
    EXPECT_LE(keeper_.bytes(), kOptions.max_bytes);
}

}  // namespace
}  // namespace streamhost::redis
