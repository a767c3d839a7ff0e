#include "listing.hpp"

#include <gtest/gtest.h>

namespace session {
namespace {

TEST(Listing, ReadsWhatTheStoreAnswers) {
    const Listing listing = read_listing(
        R"({"entries":[{"session":"s","node":"n\"1","user":"ann","data":"{\"connections\":2,\"since\":20,\"created\":10,\"client\":\"x\"}","left_ms":5},)"
        R"({"session":"s","node":"n2","user":"ann","data":"{\"connections\":1,\"since\":30,\"created\":10}","left_ms":6}],"last_node":"n2"})");
    EXPECT_EQ(listing.last_node, "n2");
    ASSERT_EQ(listing.entries.size(), 2u);
    EXPECT_EQ(listing.entries[0].node, "n\"1");
    EXPECT_EQ(listing.entries[0].connections, 2u);
    EXPECT_EQ(created_of(listing.entries, 99), 10);
    EXPECT_EQ(show(listing.entries),
              R"([{"session":"s","user":"ann","node":"n\"1","connections":2,"since":20},)"
              R"({"session":"s","user":"ann","node":"n2","connections":1,"since":30}])");
}

TEST(Listing, WhatCannotBeReadHidesNothingElse) {
    const Listing listing =
        read_listing(R"({"entries":[{"session":"a","node":"n","user":"u","data":"not json"},{"node":"n"},7,)"
                     R"({"session":"b","node":"n","user":"u","data":"{\"connections\":\"many\"}"}]})");
    ASSERT_EQ(listing.entries.size(), 2u);
    EXPECT_EQ(listing.entries[0].session, "a");
    EXPECT_EQ(listing.entries[1].connections, 0u);
    EXPECT_EQ(created_of(listing.entries, 99), 99);
    EXPECT_TRUE(read_listing("").entries.empty());
    EXPECT_TRUE(read_listing("[]").entries.empty());
    EXPECT_EQ(show({}), "[]");
}

TEST(Listing, Names) {
    EXPECT_EQ(read_names(R"(["a","b\n"])"), (std::vector<std::string>{"a", "b\n"}));
    EXPECT_TRUE(read_names("[]").empty());
    EXPECT_TRUE(read_names("{").empty());
}

TEST(Nodes, AreShownByNameWithWhatTheySayOfThemselves) {
    EXPECT_EQ(
        show_nodes(
            R"([{"node":"n2","data":"{\"sessions\":2,\"connections\":3,\"server\":\"streamhost/1\"}","left_ms":5},)"
            R"({"node":"n\"1","data":"{\"sessions\":1}","left_ms":-4}])"),
        R"([{"node":"n\"1","server":"","sessions":1,"connections":0,"left_ms":-4},)"
        R"({"node":"n2","server":"streamhost/1","sessions":2,"connections":3,"left_ms":5}])");
}

TEST(Nodes, WhatCannotBeReadHidesNoOther) {
    EXPECT_EQ(show_nodes(R"([{"node":"a","data":"?","left_ms":1},{"data":"{}"},7,)"
                         R"({"node":"b","data":"{}","left_ms":1}])"),
              R"([{"node":"b","server":"","sessions":0,"connections":0,"left_ms":1}])");
    for (const char* text : {"", "{", "{}", "[]"})
        EXPECT_EQ(show_nodes(text), "[]") << text;
}

}  // namespace
}  // namespace session
