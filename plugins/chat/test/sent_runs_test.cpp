#include "sent_runs.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

using Ids = std::vector<std::string>;

TEST(SentRuns, AreNamedOnceForEachMaster) {
    SentRuns sent;
    EXPECT_EQ(sent.link(true, 1, 0), Ids());
    sent.add("a", 10);
    EXPECT_EQ(sent.link(true, 1, 20), Ids());
    EXPECT_EQ(sent.link(false, 2, 30), Ids()) << "there is none to be told";
    sent.add("b", 40);
    EXPECT_EQ(sent.link(true, 3, 50), (Ids{"a", "b"}));
    EXPECT_EQ(sent.link(true, 4, 60), (Ids{"a", "b"}));
}

TEST(SentRuns, AreForgottenWhenNoOtherMasterCanLackThem) {
    SentRuns sent;
    sent.add("a", 0);
    sent.add("b", 1);
    EXPECT_EQ(sent.link(true, 1, SentRuns::kRememberedMs + 1), Ids{"b"});
    EXPECT_EQ(sent.link(false, 2, SentRuns::kRememberedMs + 1), Ids());
    EXPECT_EQ(sent.link(true, 3, 10 * SentRuns::kRememberedMs), Ids{"b"}) << "an outage does not count";
    EXPECT_EQ(sent.link(true, 4, 10 * SentRuns::kRememberedMs), Ids());
}

TEST(SentRuns, AreBounded) {
    SentRuns sent;
    for (std::size_t number = 0; number <= SentRuns::kMost; ++number)
        sent.add(std::to_string(number), 0);
    const Ids all = sent.link(true, 1, 0);
    ASSERT_EQ(all.size(), SentRuns::kMost);
    EXPECT_EQ(all.front(), "1");
}

}  // namespace
}  // namespace chat
