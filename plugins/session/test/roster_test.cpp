#include "roster.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace session {
namespace {

using Kind = Command::Kind;

constexpr std::int64_t kTtl = 30'000;
constexpr std::int64_t kBeat = 10'000;

Member member(sh_connection connection, const std::string& session, const std::string& user = "ann") {
    return {connection, session, user, "web/1", 1'000, 1'000};
}

// A store that does what it is told, when it is told.
class RosterTest : public ::testing::Test {
protected:
    std::vector<Command> take() {
        std::vector<Command> commands;
        while (auto command = roster.next())
            commands.push_back(std::move(*command));
        return commands;
    }
    Outcome apply(const Command& command) {
        Outcome outcome;
        if (is_away) {
            outcome.status = SH_UNAVAILABLE;
            return outcome;
        }
        switch (command.kind) {
        case Kind::kPut: stored[command.sessions.front()] = command.data; break;
        case Kind::kRemove:
            outcome.status = stored.erase(command.sessions.front()) > 0 ? SH_OK : SH_NOT_FOUND;
            break;
        case Kind::kRenew:
            for (const auto& session : command.sessions)
                if (!stored.contains(session)) outcome.missing.push_back(session);
            break;
        case Kind::kExpire:
            ++expires;
            outcome.lapsed = std::exchange(lapsed, {});
            break;
        case Kind::kNodePut: is_node_there = true; break;
        case Kind::kNodeRemove: is_node_there = false; break;
        }
        return outcome;
    }
    void settle() {
        for (int round = 0; round < 100; ++round) {
            const auto commands = take();
            if (commands.empty()) return;
            for (const Command& command : commands)
                roster.answered(command, apply(command), now);
        }
        FAIL() << "the roster never comes to rest";
    }
    void beat(int times = 1) {
        for (int count = 0; count < times; ++count) {
            now += kBeat;
            roster.tick(now);
            settle();
        }
    }

    Roster roster{{"n1", kTtl}};
    std::map<std::string, std::string> stored;
    std::vector<std::pair<std::string, std::string>> lapsed;
    std::int64_t now = 0;
    int expires = 0;
    bool is_away = false;
    bool is_node_there = false;
};

TEST_F(RosterTest, ASessionIsRegisteredWithItsFirstConnectionAndGoesWithItsLast) {
    ASSERT_EQ(roster.join(member(1, "s")), SH_OK);
    settle();
    EXPECT_EQ(stored["s"], R"({"connections":1,"since":1000,"created":1000,"client":"web/1"})");
    ASSERT_EQ(roster.join(member(2, "s")), SH_OK);
    settle();
    EXPECT_NE(stored["s"].find("\"connections\":2"), std::string::npos);
    EXPECT_EQ(roster.sessions(), 1u);
    EXPECT_EQ(roster.connections(), 2u);
    roster.leave(1, now);
    roster.leave(1, now);
    settle();
    EXPECT_NE(stored["s"].find("\"connections\":1"), std::string::npos) << "the other tab is still here";
    roster.leave(2, now);
    settle();
    EXPECT_TRUE(stored.empty());
    EXPECT_EQ(roster.sessions(), 0u);
    EXPECT_EQ(roster.unsettled(), 0u);
}

TEST_F(RosterTest, AConnectionJoinsOnce) {
    ASSERT_EQ(roster.join(member(1, "s")), SH_OK);
    EXPECT_EQ(roster.join(member(1, "s")), SH_CONFLICT);
    EXPECT_EQ(roster.join(member(1, "other")), SH_CONFLICT);
    settle();
    EXPECT_EQ(stored.size(), 1u);
}

TEST_F(RosterTest, OneCommandPerSessionAndWhatChangedMeanwhileFollows) {
    (void)roster.join(member(1, "s"));
    const auto put = take();
    ASSERT_EQ(put.size(), 1u);
    roster.leave(1, now);
    (void)roster.join(member(2, "s"));
    roster.leave(2, now);
    EXPECT_TRUE(take().empty()) << "the put is under way";
    roster.answered(put[0], apply(put[0]), now);
    settle();
    EXPECT_TRUE(stored.empty()) << "a session without connections must not stay";
}

TEST_F(RosterTest, AReloadDuringTheRemovalKeepsTheSession) {
    (void)roster.join(member(1, "s"));
    settle();
    roster.leave(1, now);
    const auto removal = take();
    ASSERT_EQ(removal.size(), 1u);
    EXPECT_EQ(removal[0].kind, Kind::kRemove);
    (void)roster.join(member(2, "s"));
    roster.answered(removal[0], apply(removal[0]), now);
    settle();
    EXPECT_EQ(stored.count("s"), 1u);
    EXPECT_EQ(roster.sessions(), 1u);
}

TEST_F(RosterTest, AHeartbeatRenewsEverythingInBatches) {
    for (sh_connection id = 1; id <= 600; ++id)
        (void)roster.join(member(id, "s" + std::to_string(id)));
    settle();
    ASSERT_EQ(stored.size(), 600u);
    roster.tick(now += kBeat);
    std::set<std::string> renewed;
    std::size_t batches = 0;
    for (const Command& command : take()) {
        if (command.kind == Kind::kRenew) {
            ++batches;
            EXPECT_LE(command.sessions.size(), Roster::kRenewBatch);
            renewed.insert(command.sessions.begin(), command.sessions.end());
        }
        roster.answered(command, apply(command), now);
    }
    EXPECT_EQ(batches, 3u);
    EXPECT_EQ(renewed.size(), 600u);
}

TEST_F(RosterTest, CommandsUnderWayAreBounded) {
    for (sh_connection id = 1; id <= 2'000; ++id)
        (void)roster.join(member(id, "s" + std::to_string(id)));
    EXPECT_EQ(take().size(), Roster::kWindow);
    EXPECT_EQ(roster.in_flight(), Roster::kWindow);
}

TEST_F(RosterTest, AStoreThatCameBackEmptyHasAllSessionsWithinAHeartbeat) {
    (void)roster.join(member(1, "a"));
    (void)roster.join(member(2, "b"));
    settle();
    stored.clear();
    beat();
    EXPECT_EQ(stored.size(), 2u);
}

TEST_F(RosterTest, WhatTheStoreDidNotTakeIsWrittenAtTheNextHeartbeat) {
    is_away = true;
    (void)roster.join(member(1, "s"));
    settle();
    EXPECT_EQ(roster.sessions(), 1u) << "connections outlive the store";
    beat(3);
    EXPECT_TRUE(roster.has_lost_store());
    is_away = false;
    beat();
    EXPECT_EQ(stored.count("s"), 1u);
    EXPECT_FALSE(roster.has_lost_store());
}

TEST_F(RosterTest, ARemovalThatNeverGetsThroughIsGivenUpWhenTheLeaseIsOver) {
    (void)roster.join(member(1, "s"));
    settle();
    is_away = true;
    roster.leave(1, now);
    settle();
    beat(4);
    is_away = false;
    beat();
    EXPECT_EQ(stored.count("s"), 1u) << "it has lapsed there; others take it away";
    EXPECT_EQ(roster.unsettled(), 0u);
}

TEST_F(RosterTest, ARemovalThatFailedOnceIsRepeated) {
    (void)roster.join(member(1, "s"));
    settle();
    is_away = true;
    roster.leave(1, now);
    settle();
    is_away = false;
    beat();
    EXPECT_TRUE(stored.empty());
}

TEST_F(RosterTest, LapsedEntriesAreTakenOnlyAfterOneHealthyLease) {
    beat(3);
    EXPECT_EQ(expires, 0);
    beat();
    EXPECT_EQ(expires, 1);
    beat(2);
    EXPECT_EQ(expires, 3);
}

// What a store finds in its sockets when it wakes from a stop, it does.
TEST_F(RosterTest, NoExpiryIsUnderWayWhileAHeartbeatIsUnanswered) {
    (void)roster.join(member(1, "s"));
    beat(5);
    roster.tick(now += kBeat);
    std::vector<Command> sent = take();
    ASSERT_EQ(sent.size(), 2u) << "the node and the renewal";
    roster.answered(sent[0], apply(sent[0]), now);
    EXPECT_TRUE(take().empty());
    is_away = true;
    roster.answered(sent[1], apply(sent[1]), now);
    EXPECT_TRUE(take().empty()) << "the heartbeat did not get through";
}

TEST_F(RosterTest, AfterAnOutageNobodyIsTakenForDeadUntilAllCouldRenew) {
    beat(5);
    const int before = expires;
    is_away = true;
    beat(10);
    is_away = false;
    beat(3);
    EXPECT_EQ(expires, before) << "the others are as late as we are";
    beat();
    EXPECT_EQ(expires, before + 1);
}

TEST_F(RosterTest, ANodeThatSleptJudgesNobodyForOneLease) {
    beat(5);
    const int before = expires;
    now += 10 * kTtl;
    roster.tick(now);
    settle();
    beat(2);
    EXPECT_EQ(expires, before);
    beat();
    EXPECT_EQ(expires, before + 1);
}

TEST_F(RosterTest, AFullPageOfLapsedEntriesAsksForTheNext) {
    beat(3);
    for (std::uint32_t index = 0; index < Roster::kExpirePage; ++index)
        lapsed.emplace_back("dead" + std::to_string(index), "n9");
    beat();
    EXPECT_EQ(expires, 2);
    EXPECT_TRUE(stored.empty()) << "what was another node's is not ours to write";
}

TEST_F(RosterTest, OurOwnLiveSessionThatWasTakenIsWrittenAgain) {
    (void)roster.join(member(1, "s"));
    beat(3);
    stored.clear();
    lapsed = {{"s", "n1"}, {"long gone", "n1"}};
    beat();
    EXPECT_EQ(stored.size(), 1u);
    EXPECT_EQ(stored.count("s"), 1u);
}

TEST_F(RosterTest, AHeartbeatDoesNotPileUpBehindASlowStore) {
    (void)roster.join(member(1, "s"));
    settle();
    roster.tick(now += kBeat);
    const std::size_t first = take().size();
    EXPECT_EQ(first, 2u);
    for (int late = 0; late < 10; ++late)
        roster.tick(now += kBeat);
    EXPECT_TRUE(take().empty());
}

TEST_F(RosterTest, AHeldSessionIsNotGivenToAnotherUser) {
    (void)roster.join(member(1, "s", "ann"));
    EXPECT_EQ(roster.join(member(2, "s", "bob")), SH_FORBIDDEN);
    EXPECT_EQ(roster.join(member(3, "s", "anonymous")), SH_FORBIDDEN);
    EXPECT_EQ(roster.connections_of("s"), (std::vector<sh_connection>{1}));
    roster.leave(1, now);
    EXPECT_EQ(roster.join(member(2, "s", "bob")), SH_OK) << "the store decided that; nobody is here";
}

TEST_F(RosterTest, WhoCameBeforeTheOwnerIsAStranger) {
    (void)roster.join(member(1, "s", "anonymous"));
    (void)roster.join(member(2, "s", "anonymous"));
    EXPECT_TRUE(roster.strangers_of("s").empty());
    (void)roster.join(member(3, "s", "ann"));
    EXPECT_EQ(roster.strangers_of("s"), (std::vector<sh_connection>{1, 2}));
}

TEST_F(RosterTest, AnOwnerIsTrustedForAWhile) {
    (void)roster.join(member(1, "s", "ann"));
    EXPECT_FALSE(roster.is_owner("s", "ann", now));
    roster.note_owner("s", "ann", now);
    EXPECT_TRUE(roster.is_owner("s", "ann", now + 59'999));
    EXPECT_FALSE(roster.is_owner("s", "bob", now));
    EXPECT_FALSE(roster.is_owner("s", "ann", now + 60'000));
    (void)roster.join(member(2, "t", "anonymous"));
    roster.note_owner("t", "anonymous", now);
    EXPECT_FALSE(roster.is_owner("t", "anonymous", now)) << "somebody may become the owner at any time";
}

TEST_F(RosterTest, AClosedRosterLeavesNothingBehind) {
    for (sh_connection id = 1; id <= 300; ++id)
        (void)roster.join(member(id, "s" + std::to_string(id)));
    beat();
    ASSERT_TRUE(is_node_there);
    ASSERT_EQ(stored.size(), 300u);
    roster.close(now);
    EXPECT_EQ(roster.join(member(999, "late")), SH_UNAVAILABLE);
    EXPECT_GT(roster.unsettled(), 0u);
    settle();
    EXPECT_TRUE(stored.empty());
    EXPECT_FALSE(is_node_there);
    EXPECT_EQ(roster.unsettled(), 0u);
}

TEST_F(RosterTest, AClosedRosterDoesNotWaitForAStoreThatIsAway) {
    (void)roster.join(member(1, "s"));
    settle();
    is_away = true;
    roster.close(now);
    settle();
    EXPECT_EQ(roster.unsettled(), 0u);
}

}  // namespace
}  // namespace session
