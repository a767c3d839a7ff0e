// What is a token at all, before any key is asked.
#include "token.hpp"

#include <gtest/gtest.h>

#include "base64url.hpp"
#include "signer.hpp"

namespace auth {
namespace {

using testing::encode;
using testing::hs256;

constexpr std::string_view kHeader = R"({"alg":"HS256","kid":"h","typ":"JWT"})";

Verdict read(std::string_view text) {
    Token token;
    return read_token(text, token);
}
Verdict with_header(std::string_view header) { return read(hs256(header, "{}")); }

TEST(Base64Url, HasOneTextForOneContent) {
    EXPECT_EQ(decode_base64url(""), "");
    EXPECT_EQ(decode_base64url("AQID"), "\x01\x02\x03");
    EXPECT_EQ(decode_base64url("-_8"), "\xfb\xff");
    EXPECT_EQ(decode_base64url("AQ"), "\x01");
    for (const char* text : {"A", "AQIDA", "AQ==", "A+==", "/w", "AQ ", "A\n", "AR", "AQJ", "-_9"})
        EXPECT_EQ(decode_base64url(text), std::nullopt) << text;
}

TEST(Token, IsTakenApart) {
    Token token;
    ASSERT_EQ(read_token(hs256(kHeader, R"({"sub":"ann"})"), token), Verdict::kOk);
    EXPECT_EQ(token.algorithm, Algorithm::kHs256);
    EXPECT_EQ(token.key_id, "h");
    EXPECT_EQ(token.payload, R"({"sub":"ann"})");
    EXPECT_EQ(token.signature_bytes, 32u);
    ASSERT_EQ(read_token(hs256(R"({"alg":"ES256"})", "{}"), token), Verdict::kOk);
    EXPECT_EQ(token.key_id, std::nullopt);
}

TEST(Token, HasThreePartsOfStrictBase64) {
    const std::string good = hs256(kHeader, "{}");
    ASSERT_EQ(read(good), Verdict::kOk);
    const std::string body = good.substr(0, good.rfind('.'));
    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), body, good + ".x", good + "=", ' ' + good,
          good + '\n', '.' + good, good.substr(1), std::string("not a token")})
        EXPECT_EQ(read(text), Verdict::kMalformed) << text;
    // Any cut of it is read or refused without harm; none is the whole.
    for (std::size_t size = 0; size < good.size(); ++size) {
        Token token;
        const bool is_read = read_token(good.substr(0, size), token) == Verdict::kOk;
        EXPECT_TRUE(!is_read || token.signature_bytes < 32) << size;
    }
}

TEST(Token, IsAtMost8KiB) {
    const std::string head = hs256(kHeader, "{}");
    const std::string start = head.substr(0, head.rfind('.') + 1);
    std::string text = start + std::string(kMaxTokenBytes - start.size(), 'A');
    while (text.size() % 4 == 1 || read(text) != Verdict::kOk)
        text.pop_back();
    EXPECT_GT(text.size(), kMaxTokenBytes - 4);
    EXPECT_EQ(read(start + std::string(kMaxTokenBytes - start.size() + 1, 'A')), Verdict::kMalformed);
}

TEST(Token, HeaderIsOneObjectThatSaysThingsOnce) {
    for (const char* header : {"", "[]", "null", "\"HS256\"", "{", "{}x", R"({"alg":"HS256"}{})",
                               R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"none"})",
                               R"({"alg":"HS256","kid":"a","kid":"b"})", R"({"alg":["HS256"]})",
                               R"({"alg":256})", R"({"alg":"HS256","kid":1})", R"({"alg":"HS256","crit":[]})",
                               R"({"alg":"HS256","crit":["exp"],"exp":1})", R"({"alg":"HS256","b64":true})",
                               "{\"alg\":\"HS256\",\"x\":\"\xff\"}"})
        EXPECT_EQ(with_header(header), Verdict::kMalformed) << header;
    EXPECT_EQ(with_header(R"({"alg":"HS256","kid":")" + std::string(256, 'k') + "\"}"), Verdict::kOk);
    EXPECT_EQ(with_header(R"({"alg":"HS256","kid":")" + std::string(257, 'k') + "\"}"), Verdict::kMalformed);
}

TEST(Token, HasOneOfThreeAlgorithms) {
    for (const char* name : {"HS256", "RS256", "ES256"})
        EXPECT_EQ(with_header(R"({"alg":")" + std::string(name) + "\"}"), Verdict::kOk) << name;
    for (const char* name : {"none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512", "RS512", "PS256",
                             "ES384", "EdDSA", "HS256 "})
        EXPECT_EQ(with_header(R"({"alg":")" + std::string(name) + "\"}"), Verdict::kAlgorithm) << name;
    EXPECT_EQ(with_header("{}"), Verdict::kAlgorithm);
}

}  // namespace
}  // namespace auth
