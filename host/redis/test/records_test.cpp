#include "redis/driver/records.hpp"

#include <string>

#include <gtest/gtest.h>

#include "store/chain.hpp"

namespace streamhost::redis {
namespace {

using store::Buffer;
using store::Record;
using store::State;

constexpr std::string_view kEntry = "12|00000000000000aa|00000000000000bb|1700|t|1800|a|b";
constexpr std::string_view kFields =
    "o|c|3|00000000000000aa|9|00000000000000bb|1700|18446744073709551615|5000|2|1700000000123456|1|77";

std::optional<Record> parsed(std::string_view text) {
    const Buffer owner = Buffer::copy_of(text);
    return parse_entry(owner.view(), owner);
}

std::string with(std::string text, std::string_view from, std::string_view to) {
    return text.replace(text.find(from), from.size(), to);
}

TEST(RecordsTest, AnEntryIsItsFieldsAndTheRestIsData) {
    const auto record = parsed(kEntry);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->seq, 12U);
    EXPECT_EQ(record->prev, 0xaaU);
    EXPECT_EQ(record->check, 0xbbU);
    EXPECT_EQ(record->fence, 1700U);
    EXPECT_EQ(record->ts_ms, 1800);
    EXPECT_EQ(record->type, store::Type::kText);
    EXPECT_EQ(record->data.view(), "a|b");
}

TEST(RecordsTest, DataIsAPartOfItsOwner) {
    const Buffer owner = Buffer::copy_of(kEntry);
    const auto record = parse_entry(owner.view(), owner);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->data.data(), owner.data() + owner.size() - 3);
}

TEST(RecordsTest, NoPrefixOfAHeaderIsAnEntry) {
    for (std::size_t size = 0; size < kEntry.size() - 3; ++size)
        EXPECT_FALSE(parsed(kEntry.substr(0, size))) << size;
    EXPECT_TRUE(parsed(kEntry.substr(0, kEntry.size() - 3))) << "data may be empty";
}

TEST(RecordsTest, EachFieldOfAnEntryHasItsShape) {
    const std::string entry(kEntry);
    for (const std::string_view seq : {"0|", "-1|", "|", "x|", " 12|", "9007199254740992|", "1e3|"})
        EXPECT_FALSE(parsed(with(entry, "12|", seq))) << seq;
    for (const std::string_view check : {"aa", "00000000000000ag", "000000000000000aa", "+0000000000000aa"})
        EXPECT_FALSE(parsed(with(entry, "00000000000000aa", check))) << check;
    for (const std::string_view type : {"||", "|q|", "|tz|", "|tz5|", "|tt|", "|tzx|"})
        EXPECT_FALSE(parsed(with(entry, "|t|", type))) << type;
    EXPECT_FALSE(parsed(with(entry, "1800", "")));
    EXPECT_FALSE(parsed(with(entry, "1700", "-5")));
}

TEST(RecordsTest, AMessageIsAChainOfOneStream) {
    const std::string first = "1|0000000000000000|00000000000000aa|7|t|5|x";
    const std::string second = "2|00000000000000aa|00000000000000bb|7|t|5|";
    const auto framed = [](const std::string& entry) { return std::to_string(entry.size()) + "|" + entry; };
    const auto message = [&](const std::string& text) { return parse_message(Buffer::copy_of(text)); };
    const std::string good = "home.r|" + framed(first) + "|" + framed(second);

    const auto both = message(good);
    ASSERT_TRUE(both);
    EXPECT_EQ(both->id, "home.r");
    ASSERT_EQ(both->records.size(), 2U);
    EXPECT_EQ(both->records[1].check, 0xbbU);

    const std::size_t one = 7 + framed(first).size();
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(message(good.substr(0, size)).has_value(), size == one) << good.substr(0, size);
    EXPECT_FALSE(message(good + "|"));
    EXPECT_FALSE(message("home.r|" + framed(first) + framed(second)));
    EXPECT_FALSE(message("home.r|" + framed(second) + "|" + framed(first)));
    EXPECT_FALSE(message("home.r|" + framed(first) + "|" + framed(with(second, "aa|", "ab|"))));
    EXPECT_FALSE(message("|" + framed(first)));
    EXPECT_FALSE(message("home/r|" + framed(first)));
}

TEST(RecordsTest, FieldsOfAStream) {
    const auto fields = parse_fields(kFields, 4000);
    ASSERT_TRUE(fields);
    EXPECT_EQ(fields->info.mode, store::Mode::kOwned);
    EXPECT_EQ(fields->info.state, State::kComplete);
    EXPECT_EQ(fields->info.base, (store::Position{3, 0xaa}));
    EXPECT_EQ(fields->info.head, (store::Position{9, 0xbb}));
    EXPECT_EQ(fields->info.fence, 1700U);
    EXPECT_EQ(fields->info.left_ms, 1000);
    EXPECT_EQ(fields->info.claims, 2U);
    EXPECT_EQ(fields->info.created_ms, 1700000000123);
    EXPECT_EQ(fields->created_us, 1700000000123456);
    EXPECT_EQ(parse_fields(kFields, 6000)->info.left_ms, 0) << "a lease that lapsed";
}

TEST(RecordsTest, FieldsHaveTheirShape) {
    const std::string fields(kFields);
    for (std::size_t size = 0; size < fields.size() - 1; ++size)
        EXPECT_FALSE(parse_fields(fields.substr(0, size), 0)) << size;
    EXPECT_FALSE(parse_fields(fields + "|", 0));
    EXPECT_FALSE(parse_fields(fields + "|1", 0));
    EXPECT_FALSE(parse_fields(with(fields, "o|c", "x|c"), 0));
    EXPECT_FALSE(parse_fields(with(fields, "o|c", "o|z"), 0));
    EXPECT_FALSE(parse_fields(with(fields, "|9|", "|nine|"), 0));
}

TEST(RecordsTest, EveryStateHasALetterOfItsOwn) {
    std::string letters;
    for (const State state : {State::kOpen, State::kComplete, State::kCancelled, State::kError, State::kLost})
        letters += letter_of(state);
    EXPECT_EQ(letters, "ocxel");
}

}  // namespace
}  // namespace streamhost::redis
