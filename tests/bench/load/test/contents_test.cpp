#include "contents.hpp"

#include <gtest/gtest.h>

namespace streamhost::load {
namespace {

TEST(Contents, TextsSayWhoTheyAreFromAndWhichTheyAre) {
    Contents many(3, 40, false);
    EXPECT_EQ(many.text(2, 7).substr(0, 22), "0000000002 0000000007 ");
    EXPECT_EQ(many.text(2, 7).size(), 40U);
    EXPECT_NE(std::string(many.text(0, 1)), std::string(many.text(1, 1)));
}

TEST(Contents, KeptTextsOfASingleChannelAreTheSameAsWrittenOnes) {
    Contents one(1, 40, false);
    StreamModel model("any", 0, 40);
    for (const std::uint64_t number : {1, 200, 1, 72, 200})
        EXPECT_EQ(one.text(0, number), model.text(number));
}

TEST(Contents, AFrameIsKnownAtItsPlaceOnly) {
    Contents one(1, 40, false);
    one.keep("frame", 5, 9);
    EXPECT_EQ(one.last_of("frame", 5), 9U);
    EXPECT_EQ(one.last_of("frame", 6), 0U);
    EXPECT_EQ(one.last_of("other", 5), 0U);
    EXPECT_EQ(one.last_of("frame", 5 + 128), 0U);
}

TEST(Contents, FramesOfManyChannelsAreNotKept) {
    Contents many(2, 40, false);
    many.keep("frame", 5, 9);
    EXPECT_EQ(many.last_of("frame", 5), 0U);
}

}  // namespace
}  // namespace streamhost::load
