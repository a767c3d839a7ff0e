#include "presence.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace session {
namespace {

constexpr std::int64_t kLinger = 5'000;

struct Said {
    Presence presence{"n1", "i1", kLinger};
    std::vector<std::string> log{};

    // Everything that is due, answered with this.
    void write(bool is_written = true) {
        while (auto entry = presence.next()) {
            log.push_back(entry->session + "@" + entry->node + (entry->is_online ? "+" : "-") +
                          (is_written ? "" : "?"));
            presence.answered(*entry, is_written);
        }
    }
};

using Log = std::vector<std::string>;

TEST(PresenceTest, TheFirstComesAndTheLastIsGoneForAWhile) {
    Said said;
    said.presence.came("s", "ann");
    said.presence.came("s", "ann");
    said.write();
    said.presence.went("s", 1'000);
    said.presence.tick(5'999);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+"}));
    said.presence.tick(6'000);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+", "s@n1-"}));
    EXPECT_EQ(said.presence.unsettled(), 0u);
}

TEST(PresenceTest, AReloadSaysNothing) {
    Said said;
    said.presence.came("s", "ann");
    said.write();
    said.presence.went("s", 0);
    said.presence.came("s", "ann");
    said.presence.tick(60'000);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+"}));
}

TEST(PresenceTest, WhatWasNotWrittenIsTriedAgainUnderItsKey) {
    Said said;
    said.presence.came("s", "ann");
    const auto first = said.presence.next();
    ASSERT_TRUE(first);
    said.presence.answered(*first, false);
    EXPECT_FALSE(said.presence.next()) << "at the next tick";
    said.presence.tick(1);
    const auto second = said.presence.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->key, first->key);
    EXPECT_EQ(second->json(), R"({"kind":"presence","user":"ann","node":"n1","state":"online"})");
}

TEST(PresenceTest, WhoMayHaveBeenSaidToBeThereIsSaidToBeGone) {
    Said said;
    said.presence.came("s", "ann");
    said.write(false);
    said.presence.went("s", 0);
    said.presence.tick(kLinger);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+?", "s@n1-"}));
}

TEST(PresenceTest, WhoComesWhileItIsSaidThatTheyAreGoneIsSaidAgain) {
    Said said;
    said.presence.came("s", "ann");
    said.write();
    said.presence.went("s", 0);
    said.presence.tick(kLinger);
    const auto gone = said.presence.next();
    ASSERT_TRUE(gone);
    said.presence.came("s", "ann");
    EXPECT_FALSE(said.presence.next()) << "one at a time";
    said.presence.answered(*gone, true);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+", "s@n1+"})) << "between the two: gone";
}

TEST(PresenceTest, OfADeadNodeWhoReapedItSpeaks) {
    Said said;
    said.presence.reaped("s", "n2", "bob");
    said.write(false);
    EXPECT_FALSE(said.presence.next()) << "a store that is away is not asked again at once";
    said.presence.tick(1);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n2-?", "s@n2-"}));
}

TEST(PresenceTest, ANodeThatWasTakenForDeadSaysThatItIsThere) {
    Said said;
    said.presence.came("s", "ann");
    said.write();
    said.presence.was_reaped("s");
    said.presence.was_reaped("unknown");
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+", "s@n1+"}));
}

TEST(PresenceTest, AStopSaysThatAllAreGone) {
    Said said;
    said.presence.came("s", "ann");
    said.presence.came("t", "bob");
    said.write();
    said.presence.came("u", "cy");
    said.presence.close();
    EXPECT_EQ(said.presence.unsettled(), 3u);
    said.write();
    EXPECT_EQ(said.log, (Log{"s@n1+", "t@n1+", "s@n1-", "t@n1-"})) << "nothing of who came unsaid";
    EXPECT_EQ(said.presence.unsettled(), 0u);
}

TEST(PresenceTest, AnotherUserIsSaidAnew) {
    Said said;
    said.presence.came("s", "anonymous");
    said.write();
    said.presence.came("s", "ann");
    const auto entry = said.presence.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->user, "ann");
    EXPECT_TRUE(entry->is_online);
}

}  // namespace
}  // namespace session
