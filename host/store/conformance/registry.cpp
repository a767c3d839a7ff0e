// Sessions and nodes as leases.

#include <algorithm>
#include <set>

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

class RegistryCalls {
public:
    RegistryCalls(Store& store) : registry_(store.registry()) {}

    auto put(std::string_view session, std::string_view node, std::string_view user,
             std::string_view data = "d", std::uint32_t lease_ms = 30'000) {
        return [=, this](SessionDone done) {
            return registry_.session_put(
                {.session = session, .node = node, .user = user, .data = data, .lease_ms = lease_ms},
                std::move(done));
        };
    }
    auto renew(std::string_view node, std::vector<std::string_view> sessions,
               std::uint32_t lease_ms = 30'000) {
        return [=, this](SessionDone done) {
            return registry_.session_renew({.node = node, .sessions = sessions, .lease_ms = lease_ms},
                                           std::move(done));
        };
    }
    auto remove(std::string_view session, std::string_view node) {
        return [=, this](SessionDone done) {
            return registry_.session_remove({.session = session, .node = node}, std::move(done));
        };
    }
    auto list(SessionListRequest request) {
        return [=, this](SessionDone done) { return registry_.session_list(request, std::move(done)); };
    }
    auto expire(SessionExpireRequest request) {
        return [=, this](SessionDone done) { return registry_.session_expire(request, std::move(done)); };
    }
    auto node_put(std::string_view node, std::string_view data, std::uint32_t lease_ms) {
        return [=, this](NodeDone done) {
            return registry_.node_put({.node = node, .data = data, .lease_ms = lease_ms}, std::move(done));
        };
    }
    auto node_remove(std::string_view node) {
        return [=, this](NodeDone done) { return registry_.node_remove({.node = node}, std::move(done)); };
    }
    auto nodes() {
        return [this](NodeDone done) { return registry_.node_list({}, std::move(done)); };
    }

private:
    RegistryCommands& registry_;
};

TEST_P(Registry, ASessionIsFoundByNameUserAndInTheList) {
    RegistryCalls calls(store());
    EXPECT_EQ(run<SessionReply>(calls.put("s1", "n1", "ann", "two tabs")).status, Status::kOk);
    EXPECT_EQ(run<SessionReply>(calls.put("s2", "n1", "ann")).total, 2U);
    EXPECT_EQ(run<SessionReply>(calls.put("s3", "n2", "bob")).status, Status::kOk);
    const auto one = run<SessionReply>(calls.list({.session = "s1"}));
    ASSERT_EQ(one.entries.size(), 1U);
    EXPECT_EQ(one.entries[0].node, "n1");
    EXPECT_EQ(one.entries[0].user, "ann");
    EXPECT_EQ(one.entries[0].data, "two tabs");
    EXPECT_GT(one.entries[0].left_ms, 0);
    EXPECT_LE(one.entries[0].left_ms, 30'000);
    EXPECT_EQ(one.last_node, "n1");
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "ann"})).entries.size(), 2U);
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "an"})).entries.size(), 0U);
    EXPECT_EQ(run<SessionReply>(calls.list({})).entries.size(), 3U);
    EXPECT_EQ(run<SessionReply>(calls.list({.session = "s"})).entries.size(), 0U);
}

TEST_P(Registry, TwoTabsOnTwoNodesAreTwoEntries) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("s", "n1", "ann"));
    run<SessionReply>(calls.put("s", "n2", "ann"));
    auto found = run<SessionReply>(calls.list({.session = "s"}));
    EXPECT_EQ(found.entries.size(), 2U);
    EXPECT_EQ(found.last_node, "n2");
    EXPECT_EQ(run<SessionReply>(calls.remove("s", "n1")).status, Status::kOk);
    found = run<SessionReply>(calls.list({.session = "s"}));
    ASSERT_EQ(found.entries.size(), 1U);
    EXPECT_EQ(found.entries[0].node, "n2");
}

TEST_P(Registry, NobodyRemovesTheEntryOfAnother) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("s", "n1", "ann"));
    EXPECT_EQ(run<SessionReply>(calls.remove("s", "n2")).status, Status::kNotFound);
    EXPECT_TRUE(run<SessionReply>(calls.expire({})).entries.empty());
    EXPECT_EQ(run<SessionReply>(calls.list({.session = "s"})).entries.size(), 1U);
}

TEST_P(Registry, APutReplacesAndARemoveHappensOnce) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("s", "n1", "ann", "old"));
    EXPECT_EQ(run<SessionReply>(calls.put("s", "n1", "bob", "new")).total, 1U);
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "ann"})).entries.size(), 0U);
    const auto found = run<SessionReply>(calls.list({.user = "bob"}));
    ASSERT_EQ(found.entries.size(), 1U);
    EXPECT_EQ(found.entries[0].data, "new");
    EXPECT_EQ(run<SessionReply>(calls.remove("s", "n1")).status, Status::kOk);
    EXPECT_EQ(run<SessionReply>(calls.remove("s", "n1")).status, Status::kNotFound);
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "bob"})).entries.size(), 0U);
    EXPECT_EQ(run<SessionReply>(calls.list({})).total, 0U);
}

TEST_P(Registry, TheLastNodeOutlivesTheEntry) {
    use_short_lifetimes();
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("s", "n1", "ann"));
    run<SessionReply>(calls.remove("s", "n1"));
    const auto gone = run<SessionReply>(calls.list({.session = "s"}));
    EXPECT_TRUE(gone.entries.empty());
    EXPECT_EQ(gone.last_node, "n1");
    EXPECT_EQ(run<SessionReply>(calls.list({.session = "unknown"})).last_node, "");
    pass(bench_->limits().last_node_ms);
    EXPECT_EQ(run<SessionReply>(calls.list({.session = "s"})).last_node, "");
}

TEST_P(Registry, ALapsedEntryIsHiddenThenExpiredByOne) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("dead", "n1", "ann", "d", 300));
    run<SessionReply>(calls.put("live", "n2", "ann", "d", 30'000));
    EXPECT_TRUE(run<SessionReply>(calls.expire({})).entries.empty());
    pass(300);
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "ann"})).entries.size(), 1U);
    EXPECT_EQ(run<SessionReply>(calls.list({.user = "ann", .grace_ms = 60'000})).entries.size(), 2U);
    EXPECT_EQ(run<SessionReply>(calls.list({})).total, 2U);
    const auto first = start<SessionReply>(calls.expire({}));
    const auto second = start<SessionReply>(calls.expire({}));
    EXPECT_EQ(await(first).entries.size() + await(second).entries.size(), 1U);
    EXPECT_EQ(run<SessionReply>(calls.list({.grace_ms = 60'000})).entries.size(), 1U);
}

TEST_P(Registry, TheCallerSaysWhichLapsesCount) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("a", "n1", "u", "d", 100));
    run<SessionReply>(calls.put("b", "n2", "u", "d", 200));
    pass(300);
    EXPECT_TRUE(run<SessionReply>(calls.expire({.lapsed_ms = 60'000})).entries.empty());
    EXPECT_TRUE(run<SessionReply>(calls.expire({.node = "n3"})).entries.empty());
    const auto mine = run<SessionReply>(calls.expire({.node = "n2"}));
    ASSERT_EQ(mine.entries.size(), 1U);
    EXPECT_EQ(mine.entries[0].session, "b");
    EXPECT_LE(mine.entries[0].left_ms, 0);
    const auto rest = run<SessionReply>(calls.expire({}));
    ASSERT_EQ(rest.entries.size(), 1U);
    EXPECT_EQ(rest.entries[0].session, "a");
    EXPECT_EQ(rest.entries[0].user, "u");
}

TEST_P(Registry, TheLongestLapsedExpireFirst) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("b", "n", "u", "d", 100));
    run<SessionReply>(calls.put("c", "n", "u", "d", 150));
    run<SessionReply>(calls.put("a", "n", "u", "d", 200));
    pass(200);
    EXPECT_EQ(run<SessionReply>(calls.expire({.max = 1})).entries.at(0).session, "b");
    const auto rest = run<SessionReply>(calls.expire({.max = 10}));
    ASSERT_EQ(rest.entries.size(), 2U);
    EXPECT_EQ(rest.entries[0].session, "c");
}

TEST_P(Registry, RenewalKeepsRevivesAndNamesWhatIsMissing) {
    RegistryCalls calls(store());
    run<SessionReply>(calls.put("s1", "n1", "u", "d", 200));
    run<SessionReply>(calls.put("s2", "n2", "u", "d", 30'000));
    pass(200);
    const auto renewed = run<SessionReply>(calls.renew("n1", {"s1", "s2", "s3"}));
    EXPECT_EQ(renewed.status, Status::kOk);
    EXPECT_EQ(renewed.missing, (std::vector<std::string>{"s2", "s3"}));
    EXPECT_EQ(run<SessionReply>(calls.list({.session = "s1"})).entries.size(), 1U);
    EXPECT_TRUE(run<SessionReply>(calls.expire({})).entries.empty());
}

TEST_P(Registry, PagesTogetherAreTheWhole) {
    RegistryCalls calls(store());
    std::vector<std::string> names;
    for (int i = 0; i < 57; ++i)
        names.push_back("s" + std::to_string(i));
    for (const auto& name : names)
        run<SessionReply>(calls.put(name, "n", name.size() == 2 ? "few" : "many"));
    for (const std::string_view user : {"", "many"}) {
        std::set<std::string> seen;
        std::size_t count = 0;
        std::string cursor;
        for (int page = 0; page < 20; ++page) {
            const auto reply = run<SessionReply>(calls.list({.user = user, .cursor = cursor, .max = 10}));
            EXPECT_LE(reply.entries.size(), 10U);
            for (const auto& found : reply.entries)
                seen.insert(found.session);
            count += reply.entries.size();
            cursor = reply.cursor;
            if (cursor.empty()) break;
        }
        EXPECT_EQ(count, user.empty() ? 57U : 47U);
        EXPECT_EQ(seen.size(), count);
    }
}

TEST_P(Registry, NamesMayBeAnyTextAndLong) {
    RegistryCalls calls(store());
    const std::string session(256, 's');
    const std::string node(256, 'n');
    const std::string user = "Ann O'Hara|<ann@example.org> \xc3\xa4";
    const std::string data("\0binary\xff", 8);
    run<SessionReply>(calls.put(session, node, user, data));
    const auto found = run<SessionReply>(calls.list({.user = user}));
    ASSERT_EQ(found.entries.size(), 1U);
    EXPECT_EQ(found.entries[0].session, session);
    EXPECT_EQ(found.entries[0].node, node);
    EXPECT_EQ(found.entries[0].user, user);
    EXPECT_EQ(found.entries[0].data, data);
}

// How a node hears that another process writes under its name.
TEST_P(Registry, APutOfANodeAnswersWhatItReplaced) {
    RegistryCalls calls(store());
    EXPECT_TRUE(run<NodeReply>(calls.node_put("n1", "first", 30'000)).nodes.empty());
    const auto second = run<NodeReply>(calls.node_put("n1", "second", 30'000));
    EXPECT_EQ(second.status, Status::kOk);
    ASSERT_EQ(second.nodes.size(), 1U);
    EXPECT_EQ(second.nodes[0].node, "n1");
    EXPECT_EQ(second.nodes[0].data, "first");
    EXPECT_GT(second.nodes[0].left_ms, 0);
    EXPECT_TRUE(run<NodeReply>(calls.node_put("n2", "other", 30'000)).nodes.empty());
    EXPECT_EQ(run<NodeReply>(calls.node_remove("n1")).status, Status::kOk);
    EXPECT_TRUE(run<NodeReply>(calls.node_put("n1", "third", 30'000)).nodes.empty());
}

TEST_P(Registry, NodesAreListedAlsoLapsedUntilForgotten) {
    use_short_lifetimes();
    RegistryCalls calls(store());
    run<NodeReply>(calls.node_put("n2", "load 2", 30'000));
    run<NodeReply>(calls.node_put("n1", "load 1", 200));
    run<NodeReply>(calls.node_put("n2", "load 3", 30'000));
    pass(200);
    auto list = run<NodeReply>(calls.nodes());
    ASSERT_EQ(list.nodes.size(), 2U);
    EXPECT_EQ(list.nodes[0].node, "n1");
    EXPECT_LE(list.nodes[0].left_ms, 0);
    EXPECT_EQ(list.nodes[1].data, "load 3");
    EXPECT_GT(list.nodes[1].left_ms, 0);
    EXPECT_EQ(run<NodeReply>(calls.node_remove("n2")).status, Status::kOk);
    EXPECT_EQ(run<NodeReply>(calls.node_remove("n2")).status, Status::kNotFound);
    pass(bench_->limits().node_forget_ms);
    EXPECT_TRUE(run<NodeReply>(calls.nodes()).nodes.empty());
}

}  // namespace
}  // namespace streamhost::store::conformance
