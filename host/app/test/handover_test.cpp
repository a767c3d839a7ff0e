#include <gtest/gtest.h>

#include "app/handover_words.hpp"

namespace streamhost::app {
namespace {

using Kind = HandoverWord::Kind;

TEST(HandoverWords, AreReadAsTheyWereWritten) {
    for (const HandoverWord& word :
         {HandoverWord{Kind::take, {}}, HandoverWord{Kind::listener, {"public", "unix:/run/a b", ""}},
          HandoverWord{Kind::all, {"gw-1", "30000000"}}, HandoverWord{Kind::refused, {"it is stopping"}},
          HandoverWord{Kind::ready, {}}, HandoverWord{Kind::leaving, {}}}) {
        const auto read = read_packet(to_packet(word));
        ASSERT_TRUE(read) << to_packet(word);
        EXPECT_EQ(read->kind, word.kind);
        EXPECT_EQ(read->fields, word.fields);
    }
}

TEST(HandoverWords, OfAnotherVersionOrFormAreNone) {
    for (const char* packet : {"", "take", "streamhost-handover/2 take", "streamhost-handover/1 ",
                               "streamhost-handover/1 give", "streamhost-handover/1 take\nmore",
                               "streamhost-handover/1 listener\npublic", "streamhost-handover/12 take"})
        EXPECT_FALSE(read_packet(packet)) << packet;
}

TEST(NameAfter, DiffersFromTheOneBefore) {
    EXPECT_EQ(name_after("gw-1", "gw-1"), "gw-1_2");
    EXPECT_EQ(name_after("gw-1", "gw-1_2"), "gw-1_3");
    EXPECT_EQ(name_after("gw-1", "gw-1_9"), "gw-1_10");
    EXPECT_EQ(name_after("gw-1", "gw-2"), "gw-1") << "configured anew";
    EXPECT_EQ(name_after("gw-1", "gw-1_b"), "gw-1");
}

TEST(NameAfter, IsNoLongerThanANameMayBe) {
    const std::string longest(64, 'n');
    const std::string second = name_after(longest, longest);
    EXPECT_EQ(second, std::string(53, 'n') + "_2");
    EXPECT_EQ(name_after(longest, second), std::string(53, 'n') + "_3");
    EXPECT_EQ(name_after(longest, std::string(53, 'n') + "_4294967294").size(), 64U);
}

}  // namespace
}  // namespace streamhost::app
