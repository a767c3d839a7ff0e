#include "streamhost/json_object.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(JsonObject, KeepsTheOrderOfItsMembers) {
    EXPECT_EQ(JsonObject().done(), "{}");
    EXPECT_EQ(JsonObject()
                  .text("a", "x\"y\n")
                  .number("b", -3)
                  .number("c", std::uint64_t{18'446'744'073'709'551'615u})
                  .boolean("d", true)
                  .json("e", "[1]")
                  .done(),
              R"({"a":"x\"y\n","b":-3,"c":18446744073709551615,"d":true,"e":[1]})");
}

TEST(JsonObject, LeavesOutWhatIsEmptyWhenAskedTo) {
    EXPECT_EQ(JsonObject().text_if("a", "").json_if("b", "").text_if("c", "1").json_if("d", "2").done(),
              R"({"c":"1","d":2})");
    EXPECT_EQ(JsonObject().text("t", "").done(), R"({"t":""})");
}

}  // namespace
}  // namespace streamhost
