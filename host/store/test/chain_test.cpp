#include "store/chain.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace streamhost::store {
namespace {

// Made with: printf '%s' 0000000000000000thello | sha1sum | cut -c1-16, and so on along the chain.
TEST(Chain, IsTheHashThatARedisScriptComputes) {
    const auto first = next_check(0, Type::kText, "hello");
    EXPECT_EQ(check_text(first), "bdbedc2dd521e3ed");
    const auto second = next_check(first, Type::kPart, R"({"kind":"part"})");
    EXPECT_EQ(check_text(second), "5a9d2e1798ed9ffc");
    EXPECT_EQ(check_text(next_check(second, Type::kEnd, "")), "96c1b9959820b76f");
}

TEST(Chain, DependsOnThePastTheTypeAndEveryByte) {
    const auto base = next_check(1, Type::kText, "a");
    EXPECT_NE(base, next_check(2, Type::kText, "a"));
    EXPECT_NE(base, next_check(1, Type::kPart, "a"));
    EXPECT_NE(base, next_check(1, Type::kText, "b"));
    EXPECT_NE(base, next_check(1, Type::kText, std::string_view("a\0", 2)));
    EXPECT_EQ(base, next_check(1, Type::kText, "a"));
}

TEST(Chain, TakesHugeAndBinaryData) {
    const std::string huge(1 << 20, '\xff');
    EXPECT_NE(next_check(0, Type::kPart, huge), next_check(0, Type::kPart, huge.substr(1)));
}

TEST(Chain, NumbersAndLinksRecordsInPlace) {
    std::array<Record, 3> records;
    for (Record& record : records)
        record.data = Buffer::copy_of("x");
    const Position end = chain({7, 99}, records);
    EXPECT_EQ(records[0].seq, 8U);
    EXPECT_EQ(records[0].prev, 99U);
    EXPECT_EQ(records[1].prev, records[0].check);
    EXPECT_EQ(records[2].prev, records[1].check);
    EXPECT_EQ(end, (Position{10, records[2].check}));
    EXPECT_EQ(chain(end, {}), end);
}

TEST(PositionText, GoesThereAndBack) {
    EXPECT_EQ(to_text({}), "0");
    EXPECT_EQ(to_text({12, 0xab}), "12.00000000000000ab");
    for (const Position position : {Position{}, Position{1, 0}, Position{kMaxSeq, ~std::uint64_t{0}}})
        EXPECT_EQ(parse_position(to_text(position)), position);
}

TEST(PositionText, RefusesWhatItWouldNotWrite) {
    for (const char* text :
         {"", ".", "1", "1.", "1.ab", "0.0000000000000000", "01.0000000000000000", "+1.0000000000000000",
          "-1.0000000000000000", "1.000000000000000", "1.00000000000000000", "1.000000000000000G",
          "1.000000000000000A", "9007199254740992.0000000000000000", "99999999999999999999.0000000000000000",
          " 1.0000000000000000", "1 .0000000000000000", "1.0000000000000000 ", "00"})
        EXPECT_FALSE(parse_position(text)) << text;
    EXPECT_FALSE(parse_position(std::string_view("1.00000000000000\0 0", 18)));
}

}  // namespace
}  // namespace streamhost::store
