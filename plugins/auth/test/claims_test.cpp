#include "claims.hpp"

#include <gtest/gtest.h>

#include "signer.hpp"

namespace auth {
namespace {

using testing::kNow;
using Texts = std::vector<std::string>;

Claims read(std::string_view payload, Verdict expected = Verdict::kOk) {
    Claims claims;
    EXPECT_EQ(read_claims(payload, "grants", claims), expected) << payload;
    return claims;
}
// Of a token of Ann's with these claims, by rules without leeway unless told.
Verdict judged(const std::string& more, std::int64_t now_ms = kNow, const ClaimRules& rules = {}) {
    return judge(read(R"({"sub":"ann")" + more + '}'), rules, now_ms);
}
std::string at(const char* claim, std::int64_t ms) {
    return std::string(",\"") + claim + "\":" + std::to_string(ms / 1000) + '.' +
           std::to_string(1000 + ms % 1000).substr(1);
}

TEST(Claims, AreReadByTheirTypes) {
    const Claims all = read(
        R"({"sub":"ann","jti":"t-1","iss":"https://id","aud":["a","b"],"exp":1700000100.25,"nbf":1.7e9,"iat":0,)"
        R"("grants":["read:@own","produce:jobs-*"],"other":{"sub":1}})");
    EXPECT_EQ(all.user, "ann");
    EXPECT_EQ(all.id, "t-1");
    EXPECT_EQ(all.issuer, "https://id");
    EXPECT_EQ(all.audiences, (Texts{"a", "b"}));
    EXPECT_EQ(all.expires_ms, 1'700'000'100'250);
    EXPECT_EQ(all.not_before_ms, 1'700'000'000'000);
    EXPECT_EQ(all.issued_ms, 0);
    EXPECT_EQ(all.grants, (Texts{"read:@own", "produce:jobs-*"}));
    EXPECT_EQ(read(R"({"aud":"one"})").audiences, Texts{"one"});
    EXPECT_EQ(read(R"({"exp":1700000000.123})").expires_ms, 1'700'000'000'123);
}

TEST(Claims, AreOneObjectThatSaysThingsOnce) {
    for (const char* payload :
         {"", "[]", "1", "null", "\"sub\"", "{", R"({"sub":"ann"},)", R"({"sub":"ann","sub":"ann"})",
          R"({"sub":"ann","\u0073ub":"bob"})", R"({"x":1,"x":2})", R"({"exp":1e400})", "{\"sub\":\"\xc3\"}"})
        (void)read(payload, Verdict::kMalformed);
}

TEST(Claims, OfAnotherTypeOrRangeAreRefused) {
    for (const char* payload :
         {R"({"sub":1})", R"({"sub":null})", R"({"jti":1})", R"({"jti":"a\nb"})", R"({"iss":[]})",
          R"({"aud":1})", R"({"aud":["a",1]})", R"({"exp":"1700000000"})", R"({"exp":true})",
          R"({"exp":null})", R"({"exp":-1})", R"({"exp":1e300})", R"({"exp":253402300800})",
          R"({"nbf":-0.1})", R"({"iat":18446744073709551615})", R"({"grants":1})", R"({"grants":{}})"})
        (void)read(payload, Verdict::kClaims);
    (void)read(R"({"jti":")" + std::string(129, 'x') + "\"}", Verdict::kClaims);
    EXPECT_EQ(read(R"({"exp":253402300799})").expires_ms, kMaxDateMs);
}

TEST(Claims, NameAUserWhoCanBe) {
    for (const std::string& user :
         Texts{"a", "ann@example.org", "J\xc3\xbcrgen", "Ann Other", std::string(128, 'a'), "anonymous2"})
        EXPECT_TRUE(is_user(user)) << user;
    for (const std::string& user :
         Texts{"", "anonymous", std::string(129, 'a'), "a\nb", "a\x7f", "{a}", std::string("a\0b", 3)})
        EXPECT_FALSE(is_user(user)) << user;
    EXPECT_EQ(judge(read(R"({"exp":1800000000})"), {}, kNow), Verdict::kClaims);
    EXPECT_EQ(judge(read(R"({"sub":"anonymous","exp":1800000000})"), {}, kNow), Verdict::kClaims);
}

TEST(Claims, HoldFromNotBeforeToExpiryWithLeeway) {
    for (const std::int64_t leeway : {std::int64_t{0}, std::int64_t{30'000}, std::int64_t{300'000}}) {
        ClaimRules rules;
        rules.leeway_ms = leeway;
        const std::string exp = at("exp", kNow);
        EXPECT_EQ(judged(exp, kNow + leeway - 1, rules), Verdict::kOk);
        EXPECT_EQ(judged(exp, kNow + leeway, rules), Verdict::kExpired);
        const std::string late = at("exp", kNow + 3'600'000);
        for (const char* claim : {"nbf", "iat"}) {
            EXPECT_EQ(judged(late + at(claim, kNow), kNow - leeway, rules), Verdict::kOk);
            EXPECT_EQ(judged(late + at(claim, kNow), kNow - leeway - 1, rules), Verdict::kNotYet);
        }
    }
}

TEST(Claims, NeedAnExpiryUnlessTold) {
    EXPECT_EQ(judged(""), Verdict::kClaims);
    ClaimRules rules;
    rules.require_expiry = false;
    EXPECT_EQ(judged("", kNow, rules), Verdict::kOk);
    EXPECT_EQ(end_of(read(R"({"sub":"ann"})"), rules), 0);
    EXPECT_EQ(end_of(read(R"({"exp":1700000000.5})"), rules), kNow + 500 + rules.leeway_ms);
}

TEST(Claims, GrowTooOld) {
    ClaimRules rules;
    rules.max_age_ms = 60'000;
    const std::string late = at("exp", kNow + 3'600'000);
    EXPECT_EQ(judged(late, kNow, rules), Verdict::kClaims) << "its age cannot be told";
    const std::string old = late + at("iat", kNow);
    EXPECT_EQ(judged(old, kNow + 89'999, rules), Verdict::kOk);
    EXPECT_EQ(judged(old, kNow + 90'000, rules), Verdict::kExpired);
    EXPECT_EQ(end_of(read(R"({"sub":"ann")" + old + '}'), rules), kNow + 90'000);
}

TEST(Claims, AreOfOurIssuerForUs) {
    ClaimRules rules;
    rules.issuer = "https://id";
    const std::string late = at("exp", kNow + 1'000);
    EXPECT_EQ(judged(late, kNow, rules), Verdict::kIssuer);
    EXPECT_EQ(judged(late + R"(,"iss":"https://id/")", kNow, rules), Verdict::kIssuer);
    EXPECT_EQ(judged(late + R"(,"iss":"https://id")", kNow, rules), Verdict::kOk);
    rules.issuer.clear();
    rules.audiences = {"chat", "chat-2"};
    EXPECT_EQ(judged(late, kNow, rules), Verdict::kAudience);
    EXPECT_EQ(judged(late + R"(,"aud":"other")", kNow, rules), Verdict::kAudience);
    EXPECT_EQ(judged(late + R"(,"aud":[])", kNow, rules), Verdict::kAudience);
    EXPECT_EQ(judged(late + R"(,"aud":"chat-2")", kNow, rules), Verdict::kOk);
    EXPECT_EQ(judged(late + R"(,"aud":["other","chat"])", kNow, rules), Verdict::kOk);
}

TEST(Claims, GrantsAreWordsOrAListAndUnknownOnesSayNothing) {
    EXPECT_EQ(read(R"({"grants":"read:@own  send:a-*"})").grants, (Texts{"read:@own", "send:a-*"}));
    EXPECT_EQ(read(R"({"grants":""})").grants, Texts{});
    EXPECT_EQ(read("{}").grants, std::nullopt);
    const Claims some = read(R"({"grants":["read:@own","fly:*",7,"read","admin:@own"]})");
    EXPECT_EQ(some.grants, Texts{"read:@own"});
    EXPECT_EQ(some.unknown_grants, 4u);
    Claims other;
    ASSERT_EQ(read_claims(R"({"scope":"read:*","grants":5})", "scope", other), Verdict::kOk);
    EXPECT_EQ(other.grants, Texts{"read:*"});
}

}  // namespace
}  // namespace auth
