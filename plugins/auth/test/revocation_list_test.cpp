#include "revocation_list.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "admin_routes.hpp"

namespace auth {
namespace {

using Change = RevocationList::Change;
using streamhost::Failure;

Revocation of_user(const std::string& name, std::int64_t before_ms, std::int64_t changed_ms = 1) {
    return {Revocation::Names::kUser, name, before_ms, 1'000, changed_ms, false, ""};
}
Revocation of_token(const std::string& id, std::int64_t before_ms) {
    return {Revocation::Names::kToken, id, before_ms, 1'000, 1, false, ""};
}
Revocation withdrawn(Revocation entry, std::int64_t changed_ms) {
    entry.is_withdrawn = true;
    entry.changed_ms = changed_ms;
    return entry;
}

TEST(RevocationList, CoversWhatWasIssuedBefore) {
    RevocationList list;
    EXPECT_EQ(list.merge(of_user("ann", 100)), Change::kStricter);
    EXPECT_EQ(list.merge(of_token("t", 200)), Change::kStricter);
    EXPECT_TRUE(list.covers("ann", "", 99));
    EXPECT_TRUE(list.covers("ann", "", 0)) << "it does not say when";
    EXPECT_FALSE(list.covers("ann", "", 100));
    EXPECT_FALSE(list.covers("bob", "ann", 0));
    EXPECT_TRUE(list.covers("bob", "t", 199));
    EXPECT_FALSE(list.covers("bob", "", 199));
    EXPECT_FALSE(list.covers("t", "", 0));
}

TEST(RevocationList, EndsItsEntries) {
    RevocationList list;
    (void)list.merge(of_user("ann", 100));
    list.prune(999);
    EXPECT_TRUE(list.covers("ann", "", 0));
    list.prune(1'000);
    EXPECT_FALSE(list.covers("ann", "", 0));
    EXPECT_EQ(list, RevocationList());
}

TEST(RevocationList, TellsWhatAChangeMeans) {
    RevocationList list;
    (void)list.merge(of_user("ann", 100));
    EXPECT_EQ(list.merge(of_user("ann", 100)), Change::kNone);
    EXPECT_EQ(list.merge(of_user("ann", 90)), Change::kNone);
    EXPECT_EQ(list.merge(of_user("ann", 110, 2)), Change::kStricter);
    EXPECT_EQ(list.merge(of_user("ann", 50, 3)), Change::kMilder);
    EXPECT_TRUE(list.covers("ann", "", 109)) << "an earlier time takes nothing back";
    EXPECT_EQ(list.merge(withdrawn(of_user("ann", 110), 4)), Change::kMilder);
    EXPECT_FALSE(list.covers("ann", "", 0));
    EXPECT_EQ(list.in_force(), 0u);
    EXPECT_EQ(list.merge(of_user("ann", 110, 3)), Change::kNone) << "an old copy does not bring it back";
    EXPECT_EQ(list.merge(of_user("ann", 120, 5)), Change::kStricter);
    EXPECT_TRUE(list.covers("ann", "", 119));
    EXPECT_EQ(list.merge(withdrawn(of_user("bob", 1), 9)), Change::kMilder);
}

// Whatever the order in which nodes hear of changes, and however often: the same list.
TEST(RevocationList, MergesInAnyOrderToTheSame) {
    std::vector<Revocation> changes = {of_user("ann", 100, 1), withdrawn(of_user("ann", 100), 2),
                                       of_user("bob", 5, 7),   withdrawn(of_user("bob", 5), 7),
                                       of_token("t", 3),       of_token("t", 4)};
    std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};
    RevocationList first;
    for (const Revocation& change : changes)
        (void)first.merge(change);
    EXPECT_TRUE(first.covers("bob", "", 4)) << "of two at one time the stricter holds";
    do {
        RevocationList one;
        RevocationList other;
        for (std::size_t index = 0; index < order.size(); ++index)
            (void)(index % 2 == 0 ? one : other).merge(changes[order[index]]);
        RevocationList both = one;
        (void)both.merge(other);
        (void)other.merge(one);
        ASSERT_EQ(both, first);
        ASSERT_EQ(other, first);
        ASSERT_EQ(both.merge(first), Change::kNone);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(RevocationList, IsWrittenAndRead) {
    RevocationList list;
    Revocation entry = of_user("J\xc3\xbcrgen \"M\"", 100);
    entry.reason = "left\nus";
    (void)list.merge(entry);
    (void)list.merge(withdrawn(of_token("t", 5), 9));
    EXPECT_EQ(RevocationList::read(list.write()), list);
    EXPECT_EQ(RevocationList::read(RevocationList().write()), RevocationList());
    for (const char* text :
         {"", "[]", "{}", R"({"v":2,"entries":[]})", R"({"v":1,"entries":{}})", R"({"v":1,"entries":[{}]})",
          R"({"v":1,"entries":[{"u":"a","t":"b"}]})", R"({"v":1,"entries":[{"u":"a","b":"x"}]})"})
        EXPECT_EQ(RevocationList::read(text), std::nullopt) << text;
}

TEST(RevocationList, IsFullByNumberAndBySize) {
    RevocationList many;
    for (std::size_t index = 0; !many.is_full(); index += 500)
        for (std::size_t step = 0; step < 500; ++step)
            (void)many.merge(of_user(std::to_string(index + step), 1));
    std::size_t count = 0;
    many.each([&](const Revocation&) { ++count; });
    EXPECT_EQ(count, RevocationList::kMaxEntries);
    RevocationList large;
    for (std::size_t index = 0; index < 3'000; ++index) {
        Revocation entry = of_user(std::to_string(index) + std::string(100, 'u'), 1);
        entry.reason = std::string(kMaxReasonBytes, 'r');
        (void)large.merge(entry);
    }
    EXPECT_TRUE(large.is_full());
}

TEST(RevocationList, NamesItsEntriesAlikeEverywhere) {
    EXPECT_EQ(id_of(of_user("ann", 1)), id_of(of_user("ann", 2, 9)));
    EXPECT_NE(id_of(of_user("ann", 1)), id_of(of_token("ann", 1)));
    RevocationList list;
    (void)list.merge(of_user("ann", 1));
    ASSERT_NE(list.find_id(id_of(of_user("ann", 1))), nullptr);
    EXPECT_EQ(list.find_id("0000000000000000"), nullptr);
}

TEST(RevokeRequest, NamesAUserOrAToken) {
    const Revocation user = read_revocation(R"({"user":"ann","reason":"left"})", 500, 0);
    EXPECT_EQ(user.names, Revocation::Names::kUser);
    EXPECT_EQ(user.name, "ann");
    EXPECT_EQ(user.before_ms, 500);
    EXPECT_EQ(user.reason, "left");
    EXPECT_EQ(read_revocation(R"({"user":"ann"})", 500, 30).before_ms, 530)
        << "the issuer's clock may be ahead";
    EXPECT_EQ(read_revocation(R"({"user":"ann","before_ms":77})", 500, 30).before_ms, 77);
    const Revocation token = read_revocation(R"({"token_id":"t-1","before_ms":300500})", 500, 30);
    EXPECT_EQ(token.names, Revocation::Names::kToken);
    EXPECT_EQ(token.before_ms, 300'500);
    for (const std::string& body : std::vector<std::string>{
             "", "{}", "[]", R"({"user":""})", R"({"user":"anonymous"})", R"({"user":1})",
             R"({"user":"a","token_id":"t"})", R"({"token_id":""})", R"({"user":"a","usr":"b"})",
             R"({"user":"a","user":"b"})", R"({"user":"a","before_ms":0})", R"({"user":"a","before_ms":-5})",
             R"({"user":"a","before_ms":300501})", R"({"user":"a","before_ms":"1"})",
             R"({"user":"a","reason":")" + std::string(257, 'r') + "\"}",
             R"({"token_id":")" + std::string(129, 't') + "\"}"})
        EXPECT_THROW((void)read_revocation(body, 500, 0), Failure) << body;
}

TEST(RevokeAnswer, SaysWhereItHolds) {
    EXPECT_EQ(answer_of({SH_OK, of_user("ann", 1), true}).status, 200u);
    const auto here = answer_of({SH_OK, of_user("ann", 1), false});
    EXPECT_EQ(here.status, 202u);
    EXPECT_NE(here.body.find("\"stored\":false"), std::string::npos);
    const auto full = answer_of({SH_FULL, {}, false});
    EXPECT_EQ(full.status, 507u);
    EXPECT_NE(full.body.find("take the key away"), std::string::npos);
    EXPECT_THROW((void)answer_of({SH_NOT_FOUND, {}, false}), Failure);
    EXPECT_EQ(id_of_path("/admin/v1/auth/revocations/abc"), "abc");
    EXPECT_EQ(id_of_path("/admin/v1/auth/revocations/"), std::nullopt);
}

}  // namespace
}  // namespace auth
