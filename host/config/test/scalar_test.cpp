#include "config/scalar.hpp"

#include <gtest/gtest.h>

#include "config/nearest.hpp"
#include "config/path.hpp"

namespace streamhost::config {
namespace {

std::int64_t bytes(std::string_view text) {
    const Quantity quantity = parse_quantity(text, Unit::bytes);
    return quantity.status == QuantityStatus::ok ? quantity.value : -1;
}

std::int64_t milliseconds(std::string_view text) {
    const Quantity quantity = parse_quantity(text, Unit::milliseconds);
    return quantity.status == QuantityStatus::ok ? quantity.value : -1;
}

TEST(Quantity, KnowsSizesOfBothSystems) {
    EXPECT_EQ(bytes("1MiB"), 1048576);
    EXPECT_EQ(bytes("1 MB"), 1000000);
    EXPECT_EQ(bytes("1.5KiB"), 1536);
    EXPECT_EQ(bytes("7B"), 7);
    EXPECT_EQ(bytes("2TiB"), 2199023255552);
}

TEST(Quantity, KnowsDurations) {
    EXPECT_EQ(milliseconds("250ms"), 250);
    EXPECT_EQ(milliseconds("1.5s"), 1500);
    EXPECT_EQ(milliseconds("0.001s"), 1);
    EXPECT_EQ(milliseconds("2m"), 120000);
    EXPECT_EQ(milliseconds("1h"), 3600000);
    EXPECT_EQ(milliseconds("1d"), 86400000);
}

TEST(Quantity, IsExactOrRefused) {
    EXPECT_EQ(parse_quantity("0.5ms", Unit::milliseconds).status, QuantityStatus::not_whole);
    EXPECT_EQ(parse_quantity("1.0001KiB", Unit::bytes).status, QuantityStatus::not_whole);
    EXPECT_EQ(parse_quantity("9000000TiB", Unit::bytes).status, QuantityStatus::out_of_range);
    EXPECT_EQ(parse_quantity("99999999999999999999B", Unit::bytes).status, QuantityStatus::out_of_range);
    EXPECT_EQ(bytes("8388607TiB"), 9223370937343148032);
}

TEST(Quantity, RefusesWhatPeopleDisagreeOn) {
    EXPECT_EQ(parse_quantity("1K", Unit::bytes).status, QuantityStatus::unknown_unit);
    EXPECT_EQ(parse_quantity("1M", Unit::bytes).status, QuantityStatus::unknown_unit);
    EXPECT_EQ(parse_quantity("5s", Unit::bytes).status, QuantityStatus::unknown_unit);
    EXPECT_EQ(parse_quantity("1 us", Unit::milliseconds).status, QuantityStatus::unknown_unit);
}

TEST(Quantity, RefusesIllFormedText) {
    for (const char* text :
         {"", "s", "-1s", "+1s", "1..5s", ".5s", "1.s", "1e3s", "1  s", "5", "1.0000000001s"}) {
        EXPECT_NE(parse_quantity(text, Unit::milliseconds).status, QuantityStatus::ok) << text;
    }
    EXPECT_EQ(parse_quantity("5s", Unit::none).status, QuantityStatus::ill_formed);
}

TEST(PlainScalar, KeepsTextThatOnlyLooksLikeANumber) {
    for (const char* text :
         {"1.2.3", "0x", "0xg", "0x-1", "1e", "e5", ".", "-", "+", "1_000", "0b1", "nan", "inf"}) {
        EXPECT_TRUE(std::holds_alternative<std::string>(resolve_plain(text))) << text;
    }
}

TEST(PlainScalar, ReadsNumbersWithSigns) {
    EXPECT_EQ(std::get<std::int64_t>(resolve_plain("+5")), 5);
    EXPECT_EQ(std::get<std::int64_t>(resolve_plain("-9223372036854775808")), INT64_MIN);
    EXPECT_EQ(std::get<double>(resolve_plain("+.5")), 0.5);
    EXPECT_EQ(std::get<double>(resolve_plain("-1.")), -1.0);
}

TEST(EditDistance, CountsASwapOnce) {
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("adress", "address"), 1U);
    EXPECT_EQ(edit_distance("enabeld", "enabled"), 1U);
    EXPECT_EQ(edit_distance("Node", "node"), 0U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(NearestName, OffersOnlyWhatWasProbablyMeant) {
    const std::vector<std::string> names = {"address", "transports", "id"};
    EXPECT_EQ(nearest_name("adress", names), "address");
    EXPECT_EQ(nearest_name("transport", names), "transports");
    EXPECT_EQ(nearest_name("di", names), "id");
    EXPECT_EQ(nearest_name("colour", names), std::nullopt);
    EXPECT_EQ(nearest_name(std::string(1000, 'a'), names), std::nullopt);
}

TEST(Path, SplitsAndJoinsNames) {
    EXPECT_EQ(split_path("a.b.c"), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(split_path("a.\"b.c\".d"), (std::vector<std::string>{"a", "b.c", "d"}));
    EXPECT_EQ(split_path(""), std::vector<std::string>{});
    EXPECT_EQ(join_path(join_path("", "a"), "b.c"), "a.\"b.c\"");
}

TEST(Path, RefusesIllFormedOnes) {
    for (const char* path : {".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\"b", "\"\"", "a\nb"}) {
        EXPECT_EQ(split_path(path), std::nullopt) << path;
    }
}

}  // namespace
}  // namespace streamhost::config
