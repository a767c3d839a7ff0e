#include "dev_tokens.hpp"

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "authenticator.hpp"
#include "signer.hpp"

namespace auth {
namespace {

using streamhost::Failure;
using testing::kNow;

TEST(DevTokens, AreReadFromARequest) {
    const DevRequest plain = read_dev_request(R"({"user":"ann"})");
    EXPECT_EQ(plain.user, "ann");
    EXPECT_EQ(plain.grants, std::nullopt);
    const DevRequest all = read_dev_request(R"({"user":"ann","grants":["read:*"],"ttl_ms":1000})");
    EXPECT_EQ(all.grants, std::vector<std::string>{"read:*"});
    EXPECT_EQ(all.ttl_ms, 1'000);
    for (const char* body :
         {"", "[]", "{}", R"({"user":"anonymous"})", R"({"user":7})", R"({"user":"a","grants":"read:*"})",
          R"({"user":"a","grants":["fly:*"]})", R"({"user":"a","grants":[1]})",
          R"({"user":"a","ttl_ms":999})", R"({"user":"a","ttl_ms":86400001})",
          R"({"user":"a","ttl_ms":"1s"})", R"({"user":"a","role":"admin"})"})
        EXPECT_THROW((void)read_dev_request(body), Failure) << body;
}

TEST(DevTokens, AreGoodByTheRulesOfTheNode) {
    ClaimRules rules;
    rules.issuer = "https://id";
    rules.audiences = {"chat", "other"};
    rules.grants_claim = "my grants";
    rules.max_age_ms = 7'200'000;
    rules.leeway_ms = 0;
    const KeyPtr key = Key::from_secret("dev", random_secret());
    KeyMarks marks;
    Authenticator authenticator({10, 1});
    authenticator.use(std::make_shared<const KeyRing>(std::vector<KeyPtr>{key}, marks));
    authenticator.use(rules, 1'000);
    const DevToken token =
        make_dev_token(read_dev_request(R"({"user":"J\u00fcrgen \"x\"","grants":["read:*"],"ttl_ms":60001})"),
                       rules, *key, "id-1", kNow + 7);
    EXPECT_EQ(token.expires_ms, kNow + 60'008);
    const Outcome outcome = authenticator.look_at(token.text, digest_of(token.text), kNow + 7);
    ASSERT_EQ(outcome.verdict, Verdict::kOk);
    EXPECT_EQ(outcome.identity->user, "J\xc3\xbcrgen \"x\"");
    EXPECT_EQ(outcome.identity->id, "id-1");
    EXPECT_EQ(outcome.identity->issued_ms, kNow + 7);
    EXPECT_EQ(outcome.identity->expires_ms, kNow + 60'008);
    EXPECT_NE(outcome.identity->body.find(R"("grants":["read:*"])"), std::string::npos);
}

TEST(DevTokens, AreSignedBySecretsOnly) {
    const KeyPtr key = Key::from_pem("e", Algorithm::kEs256, testing::ec_key().public_pem());
    EXPECT_THROW((void)key->sign("{}"), Failure);
    EXPECT_NE(random_secret(), random_secret());
}

}  // namespace
}  // namespace auth
