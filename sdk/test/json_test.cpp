#include "streamhost/json.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(JsonArray, OfTextsEscapesThem) {
    EXPECT_EQ(json_array(std::vector<std::string>{}), "[]");
    EXPECT_EQ(json_array(std::vector<std::string_view>{"a"}), R"(["a"])");
    EXPECT_EQ(json_array(std::vector<std::string>{"a\"b", ""}), R"(["a\"b",""])");
}

TEST(JsonArray, TakesWhatItIsShown) {
    const int numbers[] = {1, 2, 3};
    EXPECT_EQ(json_array(numbers, [](int number) { return std::to_string(number); }), "[1,2,3]");
}

}  // namespace
}  // namespace streamhost
