// What one node revokes holds on all of them, whatever the store does.
#include "revocation_sync.hpp"

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"

#include "fake_store.hpp"

namespace auth {
namespace {

using testing::FakeHost;
using testing::FakeStore;

constexpr const char* kKey = "streamhost.auth.revocations";
constexpr std::int64_t kLongAgo = 1'000;

// The sync alone, as a plugin runs it.
class Syncing : public streamhost::Plugin {
public:
    using Plugin::Plugin;
    void start() override {
        static constexpr sh_topic_events kEvents = {
            sizeof(sh_topic_events), 0,
            [](void* self, sh_bytes, sh_bytes) { static_cast<Syncing*>(self)->sync->heard(); }};
        telemetry = std::make_unique<Telemetry>(host());
        authenticator.use(ClaimRules(), 60'000);
        sync = std::make_unique<RevocationSync>(host(), authenticator, *telemetry,
                                                host().acquire<sh_pubsub>(SH_SVC_PUBSUB),
                                                host().expose(&kEvents, this).get());
        ASSERT_EQ(host().every(SH_ON_STORE, 1'000, [this] { sync->beat(); }), SH_OK);
    }
    Authenticator authenticator{{10, 1}};
    std::unique_ptr<Telemetry> telemetry;
    std::unique_ptr<RevocationSync> sync;
};

struct Node {
    Node(FakeStore& store, const std::string& name) : shared(store) {
        store.attach(host, name);
        plugin = &host.create<Syncing>();
        EXPECT_EQ(host.configure(), SH_OK);
        EXPECT_EQ(host.start(), SH_OK);
    }
    ~Node() { shared.detach(host); }
    RevocationSync::Changed revoke(const std::string& user) {
        return change([&](RevocationSync::Waiter waiter) {
            plugin->sync->revoke(
                {Revocation::Names::kUser, user, plugin->sync->now_ms(), 0, 0, false, "test"},
                std::move(waiter));
        });
    }
    RevocationSync::Changed withdraw(const std::string& id) {
        return change([&](RevocationSync::Waiter waiter) { plugin->sync->withdraw(id, std::move(waiter)); });
    }
    template <typename Body>
    RevocationSync::Changed change(Body body) {
        RevocationSync::Changed heard;
        int count = 0;
        host.post(SH_ON_STORE, [&] {
            body([&](const RevocationSync::Changed& changed) {
                heard = changed;
                ++count;
            });
        });
        host.run();
        EXPECT_EQ(count, 1);
        return heard;
    }
    [[nodiscard]] bool covers(const std::string& user) const {
        return plugin->authenticator.has_ended(user, "", "", kLongAgo);
    }
    [[nodiscard]] std::int64_t wall() const { return host.now_ms() + host.wall_ahead_ms; }

    FakeStore& shared;
    FakeHost host;
    Syncing* plugin = nullptr;
};

TEST(RevocationSync, AnotherNodeHearsAtOnceByTheTopic) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    one.host.advance(1'000);
    two.host.advance(1'000);
    EXPECT_TRUE(two.plugin->sync->is_known());
    const std::uint64_t before = two.plugin->authenticator.revision();
    const auto changed = one.revoke("ann");
    EXPECT_EQ(changed.status, SH_OK);
    EXPECT_TRUE(changed.is_stored);
    EXPECT_EQ(changed.entry.end_ms, changed.entry.before_ms + 60'000);
    EXPECT_TRUE(one.covers("ann"));
    EXPECT_FALSE(two.covers("ann"));
    two.host.run();  // no time passes
    EXPECT_TRUE(two.covers("ann"));
    EXPECT_GT(two.plugin->authenticator.revision(), before);
    EXPECT_EQ(two.host.metric_values["auth_revocations"], 1);
}

TEST(RevocationSync, WithoutTopicsItIsReadEachSecond) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    two.host.withdraw(SH_SVC_PUBSUB);
    EXPECT_TRUE(one.revoke("ann").is_stored);
    two.host.advance(1'000);
    EXPECT_TRUE(two.covers("ann"));
}

TEST(RevocationSync, IsWithdrawnEverywhere) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    const auto changed = one.revoke("ann");
    two.host.advance(1'000);
    const std::uint64_t before = one.plugin->authenticator.revision();
    EXPECT_TRUE(two.withdraw(id_of(changed.entry)).is_stored);
    EXPECT_EQ(two.withdraw(id_of(changed.entry)).status, SH_NOT_FOUND);
    one.host.advance(1'000);
    EXPECT_FALSE(one.covers("ann"));
    EXPECT_EQ(one.plugin->authenticator.revision(), before) << "nobody has ended by it";
    EXPECT_EQ(one.host.metric_values["auth_revocations"], 0);
    EXPECT_TRUE(one.revoke("ann").is_stored);
    two.host.advance(1'000);
    EXPECT_TRUE(two.covers("ann"));
}

TEST(RevocationSync, OfTwoWhoWriteAtOnceNoneIsLost) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    int times = 3;
    store.before_set = [&] {
        if (times == 0) return;
        RevocationList theirs = RevocationList::read(store.keys[kKey]).value_or(RevocationList());
        (void)theirs.merge({Revocation::Names::kUser, "other-" + std::to_string(times--), one.wall(),
                            one.wall() + 60'000, 1, false, ""});
        store.keys[kKey] = theirs.write();
    };
    EXPECT_TRUE(one.revoke("ann").is_stored);
    EXPECT_EQ(store.sets, 4);
    two.host.advance(1'000);
    for (const char* user : {"ann", "other-1", "other-2", "other-3"}) {
        EXPECT_TRUE(one.covers(user)) << user;
        EXPECT_TRUE(two.covers(user)) << user;
    }
}

TEST(RevocationSync, GivesUpForNowWhenItNeverComesFirst) {
    FakeStore store;
    Node one(store, "n1");
    int number = 0;
    store.before_set = [&] {
        RevocationList theirs;
        (void)theirs.merge({Revocation::Names::kUser, "u" + std::to_string(++number), one.wall(),
                            one.wall() + 60'000, 1, false, ""});
        store.keys[kKey] = theirs.write();
    };
    const auto changed = one.revoke("ann");
    EXPECT_EQ(changed.status, SH_OK);
    EXPECT_FALSE(changed.is_stored);
    EXPECT_TRUE(one.covers("ann"));
    store.before_set = nullptr;
    one.host.advance(1'000);
    EXPECT_TRUE(RevocationList::read(store.keys[kKey])->covers("ann", "", kLongAgo));
}

TEST(RevocationSync, HoldsHereWhileTheStoreIsAwayAndEverywhereAfterwards) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    EXPECT_TRUE(one.revoke("ann").is_stored);
    two.host.advance(1'000);
    store.is_away = true;
    two.host.advance(5'000);
    EXPECT_TRUE(two.covers("ann")) << "what is known stays in force";
    EXPECT_EQ(two.host.health["revocations"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    EXPECT_GE(two.host.metric_values["auth_revocation_failures_total"], 5);
    const auto changed = one.revoke("bob");
    EXPECT_EQ(changed.status, SH_OK);
    EXPECT_FALSE(changed.is_stored);
    EXPECT_TRUE(one.covers("bob"));
    EXPECT_TRUE(one.plugin->sync->owes_store());
    one.host.advance(3'000);
    EXPECT_TRUE(one.plugin->sync->owes_store()) << "whoever comes after this instance would not know";
    store.is_away = false;
    one.host.advance(1'000);
    two.host.advance(1'000);
    EXPECT_FALSE(one.plugin->sync->owes_store());
    EXPECT_TRUE(two.covers("bob"));
    EXPECT_EQ(two.host.health["revocations"], static_cast<std::uint32_t>(SH_HEALTH_OK));
}

TEST(RevocationSync, IsUnknownUntilTheFirstRead) {
    FakeStore store;
    store.is_away = true;
    Node one(store, "n1");
    one.host.advance(3'000);
    EXPECT_FALSE(one.plugin->sync->is_known());
    store.is_away = false;
    one.host.advance(1'000);
    EXPECT_TRUE(one.plugin->sync->is_known());
}

TEST(RevocationSync, AStoreThatWasWipedOrIsOlderGetsAllAgain) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    EXPECT_TRUE(one.revoke("ann").is_stored);
    const std::string old = store.keys[kKey];
    EXPECT_TRUE(one.revoke("bob").is_stored);
    store.keys[kKey] = old;  // a replica that was behind became master
    one.host.advance(1'000);
    two.host.advance(1'000);
    EXPECT_TRUE(two.covers("ann") && two.covers("bob"));
    store.keys.clear();
    one.host.advance(1'000);
    EXPECT_TRUE(RevocationList::read(store.keys[kKey])->covers("bob", "", kLongAgo));
}

TEST(RevocationSync, AnAnswerThatWasLostChangesNothing) {
    FakeStore store;
    Node one(store, "n1");
    store.answers_are_lost = true;
    EXPECT_FALSE(one.revoke("ann").is_stored);
    store.answers_are_lost = false;
    const int sets = store.sets;
    one.host.advance(2'000);
    EXPECT_EQ(store.sets, sets) << "it stands there";
    EXPECT_TRUE(one.covers("ann"));
}

TEST(RevocationSync, WhatItCannotReadIsNotWrittenOver) {
    FakeStore store;
    store.keys[kKey] = R"({"v":2,"new":true})";
    Node one(store, "n1");
    one.host.advance(3'000);
    EXPECT_FALSE(one.plugin->sync->is_known());
    EXPECT_FALSE(one.revoke("ann").is_stored);
    EXPECT_TRUE(one.covers("ann"));
    EXPECT_EQ(store.keys[kKey], R"({"v":2,"new":true})");
    EXPECT_EQ(one.host.health["revocations"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
}

TEST(RevocationSync, EndsItsEntriesAndThenNothingIsWritten) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    EXPECT_TRUE(one.revoke("ann").is_stored);
    two.host.advance(1'000);
    one.host.advance(59'000);
    two.host.advance(58'000);
    EXPECT_TRUE(one.covers("ann"));
    one.host.advance(1'000);
    two.host.advance(1'000);
    const int sets = store.sets;
    one.host.advance(10'000);
    two.host.advance(10'000);
    EXPECT_FALSE(one.covers("ann") || two.covers("ann"));
    EXPECT_EQ(store.sets, sets);
}

TEST(RevocationSync, HoldsAfterAClockWasAheadForAWhile) {
    FakeStore store;
    Node one(store, "n1");
    Node two(store, "n2");
    EXPECT_TRUE(one.revoke("ann").is_stored);
    two.host.advance(1'000);
    two.host.wall_ahead_ms += 3'600'000;
    two.host.advance(2'000);
    EXPECT_FALSE(two.covers("ann"));  // by its clock no token of hers can be valid any more
    two.host.wall_ahead_ms -= 3'600'000;
    two.host.advance(1'000);
    EXPECT_TRUE(two.covers("ann"));
    EXPECT_TRUE(one.covers("ann"));
    EXPECT_EQ(store.sets, 1);
}

TEST(RevocationSync, GoesByTheStoresClockWhateverTheNodesOwnOneSays) {
    FakeStore store;
    store.ahead_ms = 1'700'000'000'000;
    Node behind(store, "n1");
    Node right(store, "n2");
    behind.host.wall_ahead_ms = store.ahead_ms - 3'600'000;
    EXPECT_EQ(behind.plugin->sync->now_ms(), behind.wall()) << "nobody was heard yet";
    behind.host.advance(1'000);
    right.host.advance(1'000);
    EXPECT_EQ(behind.plugin->sync->now_ms(), right.plugin->sync->now_ms());

    const std::int64_t issued_ms = right.wall() - 1;
    EXPECT_TRUE(behind.revoke("ann").is_stored);
    right.host.run();
    EXPECT_TRUE(right.plugin->authenticator.has_ended("ann", "", "", issued_ms));
    EXPECT_FALSE(right.plugin->authenticator.has_ended("ann", "", "", issued_ms + 1)) << "she may come back";

    right.host.wall_ahead_ms += 3'600'000;
    right.host.advance(2'000);
    EXPECT_TRUE(right.covers("ann")) << "it has not ended by the clock that counts";
    store.is_away = true;
    behind.host.advance(10'000);
    EXPECT_EQ(behind.plugin->sync->now_ms(), behind.host.now_ms() + store.ahead_ms)
        << "what was heard goes on";
}

TEST(RevocationSync, IsBounded) {
    FakeStore store;
    Node one(store, "n1");
    RevocationList full;
    for (std::size_t index = 0; index < RevocationList::kMaxEntries; ++index)
        (void)full.merge(
            {Revocation::Names::kUser, std::to_string(index), one.wall(), one.wall() + 50'000, 1, false, ""});
    store.keys[kKey] = full.write();
    one.host.advance(1'000);
    EXPECT_EQ(one.revoke("ann").status, SH_FULL);
    EXPECT_FALSE(one.covers("ann"));
    EXPECT_TRUE(one.revoke("77").is_stored) << "one that is there may be renewed";
    Node two(store, "n2");
    two.host.advance(1'000);
    const auto withdrawn = [&](const char* user) {
        return one.withdraw(id_of({Revocation::Names::kUser, user, 0, 0, 0, false, ""})).is_stored;
    };
    EXPECT_TRUE(withdrawn("78"));
    EXPECT_TRUE(withdrawn("79"));
    EXPECT_TRUE(one.revoke("urgent").is_stored) << "what is withdrawn makes room";
    EXPECT_TRUE(one.revoke("as urgent").is_stored);
    EXPECT_EQ(one.revoke("one more").status, SH_FULL);
    two.host.advance(1'000);
    one.host.advance(1'000);
    EXPECT_TRUE(two.covers("urgent") && one.covers("as urgent"));
    EXPECT_FALSE(two.covers("78") || one.covers("79"));
    one.host.advance(15'000);
    two.host.advance(15'000);
    EXPECT_TRUE(one.revoke("77").is_stored);
    std::size_t entries = 0;
    RevocationList::read(store.keys[kKey])->each([&](const Revocation&) { ++entries; });
    EXPECT_EQ(entries, RevocationList::kMaxEntries) << "what everybody heard of is forgotten";
    two.host.advance(1'000);
    EXPECT_FALSE(two.covers("78"));
    const int sets = store.sets;
    one.host.advance(1'000);
    EXPECT_EQ(store.sets, sets) << "both have come to the same list";
    one.host.advance(60'000);
    EXPECT_TRUE(one.revoke("ann").is_stored);
}

}  // namespace
}  // namespace auth
