// What was found good is answered at once, as long as it may be.
#include <set>

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "authenticator.hpp"
#include "signer.hpp"
#include "token_cache.hpp"

namespace auth {
namespace {

using testing::hs256_of;
using testing::kNow;
using testing::kSecret;

IdentityPtr until(std::int64_t expires_ms) {
    auto made = std::make_shared<Identity>();
    made->expires_ms = expires_ms;
    return made;
}

TEST(TokenCache, EndsWithTheTokenAndWithTheRevision) {
    TokenCache cache(10);
    const Digest one = digest_of("1");
    cache.put(one, until(100), 7);
    EXPECT_NE(cache.find(one, 7, 99), nullptr);
    EXPECT_EQ(cache.find(digest_of("2"), 7, 99), nullptr);
    EXPECT_EQ(cache.find(one, 7, 100), nullptr);
    EXPECT_EQ(cache.size(), 0u);
    cache.put(one, until(0), 7);
    EXPECT_NE(cache.find(one, 7, kNow), nullptr) << "without an end";
    EXPECT_EQ(cache.find(one, 8, kNow), nullptr);
    EXPECT_EQ(cache.size(), 0u);
}

TEST(TokenCache, DropsTheLeastRecentlyUsed) {
    TokenCache cache(3);
    for (const char* name : {"a", "b", "c"})
        cache.put(digest_of(name), until(0), 1);
    EXPECT_NE(cache.find(digest_of("a"), 1, 0), nullptr);
    cache.put(digest_of("d"), until(0), 1);
    EXPECT_EQ(cache.size(), 3u);
    EXPECT_EQ(cache.find(digest_of("b"), 1, 0), nullptr);
    for (const char* name : {"a", "c", "d"})
        EXPECT_NE(cache.find(digest_of(name), 1, 0), nullptr) << name;
    cache.put(digest_of("a"), until(5), 2);
    EXPECT_EQ(cache.size(), 3u);
    TokenCache none(0);
    none.put(digest_of("a"), until(0), 1);
    EXPECT_EQ(none.size(), 0u);
}

struct Fixture {
    Fixture() { use_keys({"h"}); }
    void use_keys(const std::vector<std::string>& ids, std::string_view secret = kSecret) {
        std::vector<KeyPtr> keys;
        for (const std::string& id : ids)
            keys.push_back(Key::from_secret(id, secret));
        authenticator.use(std::make_shared<const KeyRing>(keys, marks));
    }
    Outcome look(const std::string& text, std::int64_t now_ms = kNow) {
        return authenticator.look_at(text, digest_of(text), now_ms);
    }
    [[nodiscard]] bool recalls(const std::string& text, std::int64_t now_ms = kNow) {
        return authenticator.recall(digest_of(text), now_ms) != nullptr;
    }
    void revoke(const Revocation& entry) {
        RevocationList list = *authenticator.revocations();
        const auto change = list.merge(entry);
        authenticator.use(std::make_shared<const RevocationList>(list), change);
    }
    KeyMarks marks;
    Authenticator authenticator{{100, 5}};
};

const std::string kAnn =
    hs256_of(R"({"sub":"ann","jti":"t-1","iat":1699999999,"exp":1700000100,"grants":"read:@own fly:*"})");

TEST(Authenticator, AnswersWhoItIs) {
    Fixture fixture;
    EXPECT_FALSE(fixture.recalls(kAnn));
    const Outcome outcome = fixture.look(kAnn);
    ASSERT_EQ(outcome.verdict, Verdict::kOk);
    EXPECT_EQ(
        outcome.identity->body,
        R"({"user":"ann","id":"t-1","key":"h","issued_ms":1699999999000,"expires_ms":1700000130000,"grants":["read:@own"],"claims":"{\"exp\":1700000100.000}"})");
    EXPECT_EQ(outcome.unknown_grants, 1u);
    EXPECT_TRUE(fixture.recalls(kAnn));
    EXPECT_TRUE(fixture.recalls(kAnn, 1'700'000'129'999));
    EXPECT_FALSE(fixture.recalls(kAnn, 1'700'000'130'000));
    const Outcome plain = fixture.look(hs256_of(R"({"sub":"bob","exp":1700000100})"));
    EXPECT_NE(plain.identity->body.find(R"("grants":["read:@own","send:@own"])"), std::string::npos);
    EXPECT_NE(plain.identity->body.find(R"("issued_ms":0)"), std::string::npos);
}

TEST(Authenticator, WhatIsRefusedIsNotKept) {
    Fixture fixture;
    EXPECT_EQ(fixture.look(kAnn + "x").verdict, Verdict::kSignature);
    EXPECT_EQ(fixture.look(kAnn, 1'800'000'000'000).verdict, Verdict::kExpired);
    EXPECT_EQ(fixture.authenticator.cached(), 0u);
}

TEST(Authenticator, ARevocationEndsIdentitiesAndWhatIsCached) {
    Fixture fixture;
    ASSERT_EQ(fixture.look(kAnn).verdict, Verdict::kOk);
    const std::uint64_t before = fixture.authenticator.revision();
    const auto ended = [&] { return fixture.authenticator.has_ended("ann", "t-1", "h", 1'699'999'999'000); };
    EXPECT_FALSE(ended());
    fixture.revoke({Revocation::Names::kUser, "ann", kNow, kNow + 1, 1, false, ""});
    EXPECT_GT(fixture.authenticator.revision(), before);
    EXPECT_TRUE(ended());
    EXPECT_FALSE(fixture.authenticator.has_ended("ann", "t-2", "h", kNow)) << "issued afterwards";
    EXPECT_FALSE(fixture.recalls(kAnn));
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kRevoked);
    fixture.revoke({Revocation::Names::kUser, "ann", kNow, kNow + 1, 2, true, ""});
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kOk);
    fixture.revoke({Revocation::Names::kToken, "t-1", kNow, kNow + 1, 3, false, ""});
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kRevoked);
}

TEST(Authenticator, KeysFollowEachOther) {
    Fixture fixture;
    ASSERT_EQ(fixture.look(kAnn).verdict, Verdict::kOk);
    const std::uint64_t before = fixture.authenticator.revision();
    fixture.use_keys({"h", "h2"});
    EXPECT_EQ(fixture.authenticator.revision(), before) << "one more ends nobody";
    EXPECT_TRUE(fixture.recalls(kAnn));
    fixture.use_keys({"h2"});
    EXPECT_GT(fixture.authenticator.revision(), before);
    EXPECT_TRUE(fixture.authenticator.has_ended("ann", "", "h", kNow));
    EXPECT_FALSE(fixture.authenticator.has_ended("ann", "", "h2", kNow));
    EXPECT_FALSE(fixture.recalls(kAnn));
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kKey);
}

TEST(KeyMarks, OfNoTwoKeysAreTheSame) {
    KeyMarks marks;
    std::set<std::string> seen;
    for (const char* id : {"k", "k#2", "k#2#1", "k#", "#"})
        for (const char letter : {'a', 'b', 'c'})
            EXPECT_TRUE(seen.insert(marks.mark_of(*Key::from_secret(id, std::string(32, letter)))).second)
                << id << ' ' << letter;
    EXPECT_TRUE(seen.contains("k"));
    EXPECT_EQ(marks.mark_of(*Key::from_secret("k#2", std::string(32, 'a'))), "k#2#1");
}

TEST(Authenticator, AnotherKeyOfTheSameIdEndsTheFirst) {
    Fixture fixture;
    const std::string other(32, 'z');
    fixture.use_keys({"h"}, other);
    EXPECT_TRUE(fixture.authenticator.has_ended("ann", "", "h", kNow));
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kSignature);
    const Outcome outcome = fixture.look(
        testing::hs256(R"({"alg":"HS256","kid":"h"})", R"({"sub":"ann","exp":1700000100})", other));
    ASSERT_EQ(outcome.verdict, Verdict::kOk);
    EXPECT_FALSE(fixture.authenticator.has_ended("ann", "", outcome.identity->key, kNow));
    fixture.use_keys({"h"});
    EXPECT_FALSE(fixture.authenticator.has_ended("ann", "", "h", kNow)) << "the first is back";
    EXPECT_TRUE(fixture.authenticator.has_ended("ann", "", outcome.identity->key, kNow));
}

TEST(Authenticator, OtherRulesAreAskedAgain) {
    Fixture fixture;
    ASSERT_EQ(fixture.look(kAnn).verdict, Verdict::kOk);
    ClaimRules rules;
    rules.audiences = {"chat"};
    fixture.authenticator.use(rules, 1'000);
    EXPECT_FALSE(fixture.recalls(kAnn));
    EXPECT_EQ(fixture.look(kAnn).verdict, Verdict::kAudience);
}

TEST(Authenticator, TellsOfTokensThatOutliveARevocation) {
    Fixture fixture;
    fixture.authenticator.use(ClaimRules(), 130'000);
    EXPECT_FALSE(fixture.look(kAnn).outlives_revocation);
    fixture.authenticator.use(ClaimRules(), 129'999);
    EXPECT_TRUE(fixture.look(kAnn).outlives_revocation);
}

TEST(KeyRing, HasAKeyPerId) {
    KeyMarks marks;
    const KeyPtr key = Key::from_secret("h", kSecret);
    EXPECT_THROW(KeyRing({key, key}, marks), streamhost::Failure);
    std::vector<KeyPtr> many;
    for (std::size_t index = 0; index <= kMaxKeys; ++index)
        many.push_back(Key::from_secret(std::to_string(index), kSecret));
    EXPECT_THROW(KeyRing(many, marks), streamhost::Failure);
}

}  // namespace
}  // namespace auth
