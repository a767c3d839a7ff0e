#include "model.hpp"

#include <gtest/gtest.h>

#include "failure.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

constexpr std::size_t kBytes = 40;

TEST(Text, IsPlainAndSaysWhoseItIs) {
    std::string text(kBytes, '"');
    write_text(text, 12, 345);
    EXPECT_EQ(text, "0000000012 0000000345 tuvwxyzabcdefghijk");
    write_text(text, 13, 345);
    EXPECT_EQ(text.substr(0, 25), "0000000013 0000000345 uvw");
}

// printf '0000000000000000t0000000005 0000000001 ghijklmnopqrstuvwx' | sha1sum, and so on from its digits.
TEST(StreamModel, ChecksAreThoseOfTheContract) {
    StreamModel model("s", 5, kBytes);
    EXPECT_EQ(model.check(0), "0000000000000000");
    EXPECT_EQ(model.text(1), "0000000005 0000000001 ghijklmnopqrstuvwx");
    const std::string first(model.check(1));
    const std::string second(model.check(2));
    EXPECT_EQ(first, "64f961af2b5c1b47");
    EXPECT_EQ(second, "c8e514c08b3f9c91");
    EXPECT_EQ(model.end_check(2), "67cfdc0f780e36bd");
    EXPECT_EQ(model.check(1), first) << "kept";
}

class Reading : public ::testing::Test {
protected:
    std::string texts(std::uint64_t from, std::uint64_t to) {
        std::string all;
        for (std::uint64_t seq = from; seq <= to; ++seq)
            all += model.text(seq);
        return all;
    }
    std::uint64_t take(std::uint64_t from, std::uint64_t to) {
        const std::string check(model.check(to));
        return position.take(model, from, to, check, texts(from, to));
    }
    StreamModel model{"s", 1, kBytes};
    Position position;
};

TEST_F(Reading, TakesEntriesAloneAndJoined) {
    EXPECT_EQ(take(1, 1), 1u);
    EXPECT_EQ(take(2, 5), 4u);
    EXPECT_EQ(position.last(), 5u);
    position.take_end(model, 6, std::string(model.end_check(5)), "complete");
    EXPECT_TRUE(position.has_ended());
    EXPECT_THROW(take(6, 6), Failure);
}

TEST_F(Reading, SeesWhatIsMissingDoubledOrOutOfOrder) {
    EXPECT_THROW(take(2, 2), Failure);
    EXPECT_THROW(take(0, 1), Failure);
    take(1, 2);
    EXPECT_THROW(take(2, 2), Failure);
    EXPECT_THROW(take(2, 3), Failure);
    EXPECT_THROW(take(4, 4), Failure);
    EXPECT_EQ(position.last(), 2u);
}

TEST_F(Reading, SeesAnotherText) {
    std::string text = texts(1, 1);
    const std::string check(model.check(1));
    text.back() = '!';
    EXPECT_THROW(position.take(model, 1, 1, check, text), Failure);
    EXPECT_THROW(position.take(model, 1, 1, check, texts(1, 2)), Failure);
    EXPECT_THROW(position.take(model, 1, 1, check, ""), Failure);
    EXPECT_THROW(position.take(model, 1, 1, "0000000000000000", texts(1, 1)), Failure);
}

TEST_F(Reading, TakesTheWholeAnew) {
    take(1, 2);
    const std::string check(model.check(3));
    EXPECT_THROW(position.take_snapshot(model, 3, check, texts(1, 2)), Failure);
    EXPECT_THROW(position.take_snapshot(model, 3, "0000000000000000", texts(1, 3)), Failure);
    position.take_snapshot(model, 3, check, texts(1, 3));
    EXPECT_EQ(position.last(), 3u);
    take(4, 4);
}

TEST_F(Reading, SeesAnotherEnd) {
    take(1, 1);
    const std::string check(model.end_check(1));
    EXPECT_THROW(position.take_end(model, 3, check, "complete"), Failure);
    EXPECT_THROW(position.take_end(model, 2, check, "lost"), Failure);
    EXPECT_THROW(position.take_end(model, 2, "0000000000000000", "complete"), Failure);
    EXPECT_FALSE(position.has_ended());
}

}  // namespace
}  // namespace streamhost::load
