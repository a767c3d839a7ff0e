#include "identity.hpp"

#include <gtest/gtest.h>

#include "expiries.hpp"
#include "origin.hpp"

namespace gateway {
namespace {

using streamhost::Verb;

TEST(IdentityTest, IsWhatTheAuthenticatorSaid) {
    const auto identity = read_identity(R"({"user":"ann","id":"t1","key":"k","issued_ms":5,"expires_ms":9,)"
                                        R"("grants":["read:@own","produce:feed-*","nonsense",7]})");
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->user, "ann");
    EXPECT_EQ(identity->id, "t1");
    EXPECT_EQ(identity->key, "k");
    EXPECT_EQ(identity->issued_ms, 5);
    EXPECT_EQ(identity->expires_ms, 9);
    EXPECT_TRUE(identity->grants.allows_own(Verb::kRead));
    EXPECT_TRUE(identity->grants.allows(Verb::kProduce, "feed-7"));
    EXPECT_FALSE(identity->grants.allows_own(Verb::kSend));
}

TEST(IdentityTest, WithoutAUserThereIsNone) {
    for (const char* text : {"", "{}", "[]", R"({"user":""})", R"({"user":7})", R"({"user":"ann")"})
        EXPECT_FALSE(read_identity(text)) << text;
}

TEST(IdentityTest, WithoutGrantsItMayNothing) {
    const auto identity = read_identity(R"({"user":"ann"})");
    ASSERT_TRUE(identity);
    EXPECT_FALSE(identity->grants.allows_own(Verb::kRead));
}

TEST(IdentityTest, AnonymousMayUseWhatIsNobodys) {
    const Identity& nobody = *anonymous();
    EXPECT_EQ(nobody.user, "anonymous");
    for (const Verb verb : {Verb::kRead, Verb::kSend, Verb::kProduce})
        EXPECT_TRUE(nobody.grants.allows_own(verb));
    EXPECT_FALSE(nobody.grants.allows(Verb::kRead, "anything"));
    EXPECT_FALSE(nobody.grants.allows(Verb::kAdmin, "node"));
}

TEST(TokenTest, ComesInACookie) {
    EXPECT_EQ(brought_token("", "a=1; token=x.y.z; b=2", "token").token, "x.y.z");
    EXPECT_EQ(brought_token("", "token=x=y", "token").token, "x=y");
    EXPECT_EQ(brought_token("", "mytoken=1;token", "token").token, "");
    EXPECT_EQ(brought_token("", "=1; a=2", "").token, "");
}

TEST(TokenTest, OfTwoThatDifferNeitherCounts) {
    EXPECT_EQ(brought_token("Bearer x", "token=x; token=x", "token").token, "x");
    EXPECT_FALSE(brought_token("Bearer x", "token=; token=x", "token").is_ambiguous);
    EXPECT_EQ(brought_token("Bearer x", "token=y", "").token, "x") << "cookies do not count here";
    for (const auto& [header, cookies] :
         {std::pair("Bearer x", "token=y"), std::pair("", "token=x; token=y")}) {
        const BroughtToken brought = brought_token(header, cookies, "token");
        EXPECT_TRUE(brought.is_ambiguous) << cookies;
        EXPECT_EQ(brought.token, "") << cookies;
    }
}

TEST(AddressTest, IsThePeerWithoutItsPort) {
    EXPECT_EQ(address_of("10.0.0.7:4711"), "10.0.0.7");
    EXPECT_EQ(address_of("[2001:db8::1]:4711"), "2001:db8::1");
    EXPECT_EQ(address_of("2001:db8::1"), "2001:db8::1");
    EXPECT_EQ(address_of("10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(address_of(""), "");
}

TEST(ExpiriesTest, TellThoseWhoseTimeHasComeOnce) {
    Expiries expiries;
    expiries.set(1, 100);
    expiries.set(2, 200);
    expiries.set(3, 50);
    expiries.set(3, 300);
    expiries.set(4, 100);
    expiries.remove(4);
    expiries.set(5, 0);
    EXPECT_TRUE(expiries.due(99).empty());
    EXPECT_EQ(expiries.due(200), (std::vector<sh_connection>{1, 2}));
    EXPECT_TRUE(expiries.due(200).empty());
    EXPECT_EQ(expiries.due(1'000), (std::vector<sh_connection>{3}));
    EXPECT_EQ(expiries.size(), 0u);
}

}  // namespace
}  // namespace gateway
