// Only the right key makes a token good.
#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "authenticator.hpp"
#include "jwks.hpp"
#include "signer.hpp"

namespace auth {
namespace {

using streamhost::Failure;
using testing::ec_key;
using testing::encode;
using testing::hmac;
using testing::hs256;
using testing::in_parts;
using testing::kNow;
using testing::kSecret;
using testing::PrivateKey;
using testing::rsa_key;

constexpr std::string_view kPayload = R"({"sub":"ann","exp":1700000100})";

std::vector<KeyPtr> all_keys() {
    return {Key::from_secret("h", kSecret), Key::from_pem("r", Algorithm::kRs256, rsa_key().public_pem()),
            Key::from_pem("e", Algorithm::kEs256, ec_key().public_pem())};
}
Verdict look(const std::vector<KeyPtr>& keys, const std::string& text) {
    KeyMarks marks;
    Authenticator authenticator({10, 1});
    authenticator.use(std::make_shared<const KeyRing>(keys, marks));
    return authenticator.look_at(text, digest_of(text), kNow).verdict;
}
Verdict look(const std::string& text) { return look(all_keys(), text); }
std::string why(const std::function<void()>& body) {
    try {
        body();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.status(), SH_INVALID);
        return failure.what();
    }
    return "accepted";
}

TEST(Signature, OfEachAlgorithmIsAccepted) {
    EXPECT_EQ(look(hs256(R"({"alg":"HS256","kid":"h"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(look(rsa_key().token(R"({"alg":"RS256","kid":"r"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(look(ec_key().token(R"({"alg":"ES256","kid":"e"})", kPayload)), Verdict::kOk);
}

TEST(Signature, ForgedInAnyBitIsRefused) {
    for (const std::string& good : {hs256(R"({"alg":"HS256","kid":"h"})", kPayload),
                                    rsa_key().token(R"({"alg":"RS256","kid":"r"})", kPayload),
                                    ec_key().token(R"({"alg":"ES256","kid":"e"})", kPayload)}) {
        const std::size_t begin = good.rfind('.') + 1;
        // Not the last letter: bits of it count for nothing, and then it is malformed.
        for (std::size_t at = begin; at + 1 < good.size(); at += 7) {
            std::string forged = good;
            forged[at] = forged[at] == 'A' ? 'B' : 'A';
            EXPECT_EQ(look(forged), Verdict::kSignature) << at;
        }
        const std::string other = encode(R"({"sub":"bob","exp":1700000100})");
        const std::size_t dot = good.find('.');
        EXPECT_EQ(look(good.substr(0, dot + 1) + other + good.substr(begin - 1)), Verdict::kSignature);
    }
}

TEST(Signature, OfTheWrongLengthIsRefused) {
    for (const char* header :
         {R"({"alg":"HS256","kid":"h"})", R"({"alg":"RS256","kid":"r"})", R"({"alg":"ES256","kid":"e"})"}) {
        const std::string text = in_parts(header, kPayload) + '.';
        EXPECT_EQ(look(text), Verdict::kSignature);
        for (const std::size_t bytes : {1u, 31u, 32u, 33u, 63u, 64u, 65u, 255u, 256u, 257u, 1000u})
            EXPECT_EQ(look(text + encode(std::string(bytes, '\0'))), Verdict::kSignature) << bytes;
    }
    const std::string text = in_parts(R"({"alg":"HS256","kid":"h"})", kPayload);
    EXPECT_EQ(look(text + '.' + encode(hmac(kSecret, text) + 'x')), Verdict::kSignature);
    EXPECT_EQ(look(text + '.' + encode(hmac(kSecret, text).substr(0, 31))), Verdict::kSignature);
}

TEST(Signature, NoneIsNoAlgorithm) {
    EXPECT_EQ(look(in_parts(R"({"alg":"none"})", kPayload) + '.'), Verdict::kAlgorithm);
    EXPECT_EQ(look(in_parts(R"({"alg":"none","kid":"h"})", kPayload) + ".AA"), Verdict::kAlgorithm);
}

// The public key as the secret of an HMAC, in every form that somebody may have it.
TEST(Signature, APublicKeyIsNoSecret) {
    const std::string pem = rsa_key().public_pem();
    for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), rsa_key().rsa_jwk("")}) {
        EXPECT_EQ(look(hs256(R"({"alg":"HS256","kid":"r"})", kPayload, secret)), Verdict::kAlgorithm);
        EXPECT_EQ(look(hs256(R"({"alg":"HS256"})", kPayload, secret)), Verdict::kSignature);
        EXPECT_EQ(look({all_keys()[1]}, hs256(R"({"alg":"HS256"})", kPayload, secret)), Verdict::kKey);
    }
    EXPECT_EQ(look(hs256(R"({"alg":"RS256","kid":"r"})", kPayload, pem)), Verdict::kSignature);
    EXPECT_EQ(look(ec_key().token(R"({"alg":"RS256","kid":"e"})", kPayload)), Verdict::kAlgorithm);
    EXPECT_EQ(look(ec_key().token(R"({"alg":"ES256","kid":"r"})", kPayload)), Verdict::kAlgorithm);
}

TEST(Signature, AKeyIsFoundByItsIdOrAsTheOnlyOne) {
    EXPECT_EQ(look(hs256(R"({"alg":"HS256","kid":"x"})", kPayload)), Verdict::kKey);
    EXPECT_EQ(look(hs256(R"({"alg":"HS256","kid":""})", kPayload)), Verdict::kKey);
    EXPECT_EQ(look(hs256(R"({"alg":"HS256"})", kPayload)), Verdict::kOk);
    auto two = all_keys();
    two.push_back(Key::from_secret("h2", std::string(32, 'x')));
    EXPECT_EQ(look(two, hs256(R"({"alg":"HS256"})", kPayload)), Verdict::kKey);
    EXPECT_EQ(look(two, hs256(R"({"alg":"HS256","kid":"h"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(look(two, hs256(R"({"alg":"HS256","kid":"h2"})", kPayload)), Verdict::kSignature);
    EXPECT_EQ(look(two, hs256(R"({"alg":"HS256","kid":"h2"})", kPayload, std::string(32, 'x'))),
              Verdict::kOk);
    EXPECT_EQ(look(two, rsa_key().token(R"({"alg":"RS256"})", kPayload)), Verdict::kOk);
}

// A header may carry a key of the forger's choice; it is not looked at.
TEST(Signature, AKeyInTheHeaderIsNoKey) {
    const PrivateKey mine = PrivateKey::ec();
    const std::string header =
        R"({"alg":"ES256","kid":"e","jku":"https://evil","jwk":)" + mine.ec_jwk("") + '}';
    EXPECT_EQ(look(mine.token(header, kPayload)), Verdict::kSignature);
    EXPECT_EQ(look(ec_key().token(header, kPayload)), Verdict::kOk);
}

TEST(Key, TooWeakOrOfAnotherKindIsRefusedInWords) {
    EXPECT_NE(why([] { (void)Key::from_secret("h", std::string(31, 'x')); }).find("at least 32 bytes"),
              std::string::npos);
    EXPECT_EQ(why([] { (void)Key::from_secret("h", std::string(32, 'x')); }), "accepted");
    const std::string small = PrivateKey::rsa(1024).public_pem();
    EXPECT_NE(why([&] { (void)Key::from_pem("r", Algorithm::kRs256, small); }).find("2048 bits"),
              std::string::npos);
    const std::string curve = PrivateKey::ec("P-384").public_pem();
    EXPECT_NE(why([&] { (void)Key::from_pem("e", Algorithm::kEs256, curve); }).find("P-256"),
              std::string::npos);
    EXPECT_NE(why([&] { (void)Key::from_pem("e", Algorithm::kEs256, rsa_key().public_pem()); }).find("P-256"),
              std::string::npos);
    EXPECT_NE(why([&] { (void)Key::from_pem("r", Algorithm::kRs256, ec_key().public_pem()); }).find("RSA"),
              std::string::npos);
    EXPECT_NE(why([] { (void)Key::from_pem("r", Algorithm::kRs256, "nothing"); }).find("no public key"),
              std::string::npos);
    const std::string secret = ec_key().private_pem();
    const std::string said = why([&] { (void)Key::from_pem("e", Algorithm::kEs256, secret); });
    EXPECT_NE(said.find("private key"), std::string::npos);
    EXPECT_EQ(said.find(secret.substr(40, 20)), std::string::npos);
}

TEST(Jwks, GivesItsSigningKeysAndPassesOverOthers) {
    const std::string text = R"({"keys":[)" + rsa_key().rsa_jwk(R"(,"kid":"r","use":"sig","alg":"RS256")") +
                             ',' + ec_key().ec_jwk(R"(,"kid":"e","key_ops":["verify"])") + ',' +
                             rsa_key().rsa_jwk(R"(,"kid":"enc","use":"enc")") + ',' +
                             rsa_key().rsa_jwk(R"(,"kid":"rs512","alg":"RS512")") + ',' +
                             ec_key().ec_jwk(R"(,"kid":"sign","key_ops":["sign"])") +
                             R"(,{"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"oct","kid":"h","k":")" +
                             encode(kSecret) + R"("}]})";
    const auto keys = read_jwks(text);
    ASSERT_EQ(keys.size(), 3u);
    EXPECT_EQ(look(keys, rsa_key().token(R"({"alg":"RS256","kid":"r"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(look(keys, ec_key().token(R"({"alg":"ES256","kid":"e"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(look(keys, hs256(R"({"alg":"HS256","kid":"h"})", kPayload)), Verdict::kOk);
    EXPECT_EQ(keys[0]->fingerprint(),
              Key::from_pem("x", Algorithm::kRs256, rsa_key().public_pem())->fingerprint());
    const auto unnamed = read_jwks(R"({"keys":[)" + ec_key().ec_jwk("") + "]}");
    ASSERT_EQ(unnamed.size(), 1u);
    EXPECT_EQ(unnamed[0]->id().rfind("sha256-", 0), 0u);
    EXPECT_TRUE(read_jwks(R"({"keys":[]})").empty());
}

TEST(Jwks, IsRefusedInWords) {
    for (const std::string& text : std::vector<std::string>{
             "", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})", R"({"keys":[],"keys":[]})",
             R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})",
             R"({"keys":[{"kty":"oct","kid":"h","k":"AA"}]})",
             R"({"keys":[{"kty":"oct","k":")" + encode(kSecret) + "\"}]}",
             R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + encode(std::string(32, 'x')) + R"(","y":")" +
                 encode(std::string(32, 'y')) + "\"}]}",
             R"({"keys":[)" + ec_key().ec_jwk(",\"d\":\"" + encode(std::string(32, 'd')) + '"') + "]}"})
        EXPECT_NE(why([&] { (void)read_jwks(text); }), "accepted") << text;
}

}  // namespace
}  // namespace auth
