// What a client may write, and what it hears when it may not.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/bytes.hpp"

#include "origin.hpp"
#include "position.hpp"
#include "raw_json.hpp"
#include "request_parser.hpp"

namespace gateway {
namespace {

using streamhost::view;

class RequestTest : public ::testing::Test {
protected:
    const Request& parse(std::string text) {
        text_ = std::move(text);
        request_ = parser_.parse(text_);
        return request_;
    }
    template <typename Body>
    const Body& parse_as(std::string text) {
        parse(std::move(text));
        if (const auto* refused = std::get_if<Refused>(&request_.body)) ADD_FAILURE() << refused->message;
        return std::get<Body>(request_.body);
    }
    // "code: message"
    std::string refusal(std::string text) {
        const auto* refused = std::get_if<Refused>(&parse(std::move(text)).body);
        return refused == nullptr ? "" : std::string(refused->code) + ": " + refused->message;
    }

    Limits limits_{};
    RequestParser parser_{limits_};
    std::string text_;
    Request request_;
};

std::vector<std::string_view> values_of(std::string_view json) {
    std::vector<std::string_view> values;
    RawValues raw(json);
    while (const auto member = raw.next())
        values.push_back(member->value);
    return values;
}

TEST(RawJson, GivesTheTextOfEachMember) {
    const auto values =
        values_of(R"( { "a" : "x\"},{" , "b\\":[1,[2,"]"]], "c": {"d":{}} ,"e":-1.5e3,"f":null } )");
    ASSERT_EQ(values.size(), 5u);
    EXPECT_EQ(values[0], R"("x\"},{")");
    EXPECT_EQ(values[1], R"([1,[2,"]"]])");
    EXPECT_EQ(values[2], R"({"d":{}})");
    EXPECT_EQ(values[3], "-1.5e3");
    EXPECT_EQ(values[4], "null");
    EXPECT_TRUE(values_of("{}").empty());
    EXPECT_TRUE(values_of(" [ ] ").empty());
    EXPECT_EQ(values_of("[1]").size(), 1u);
    EXPECT_EQ(without_quotes(R"("a\"b")"), R"(a\"b)");
}

TEST(RawJson, FindsTheQuoteThatEndsAString) {
    const auto values = values_of(R"(["","\\","\\\"",",\\\\"])");
    ASSERT_EQ(values.size(), 4u);
    EXPECT_EQ(values[0], R"("")");
    EXPECT_EQ(values[1], R"("\\")");
    EXPECT_EQ(values[2], R"("\\\"")");
    EXPECT_EQ(values[3], R"(",\\\\")");
}

TEST(RawJson, EndsAlsoForTextThatIsNoJson) {
    for (const char* text : {"", "{", "[", "{\"a", "{\"a\":", "[\"\\", "[[[", "{\"a\":[}", "}", "[1,,,]"})
        EXPECT_LE(values_of(text).size(), 8u) << text;
}

AskedHost at(std::string_view host) { return {.host = host, .named = host}; }

TEST(Origin, OnlyThisHostsPagesAndThoseInTheList) {
    const OriginRules none;
    const OriginRules listed{.allowed = {"https://good.example"}};
    EXPECT_TRUE(is_allowed_origin("", at("127.0.0.1:8080"), none));
    EXPECT_TRUE(is_allowed_origin("http://127.0.0.1:8080", at("127.0.0.1:8080"), none));
    for (const char* origin :
         {"http://evil.example", "null", "http://127.0.0.1:8081", "127.0.0.1:8080", "http://"})
        EXPECT_FALSE(is_allowed_origin(origin, at("127.0.0.1:8080"), listed)) << origin;
    EXPECT_TRUE(is_allowed_origin("https://good.example", at("127.0.0.1:8080"), listed));
    EXPECT_TRUE(is_allowed_origin("https://good.example", at("good.example"), listed));
    EXPECT_TRUE(is_allowed_origin("null", at("127.0.0.1:8080"), {.allowed = {"*"}}));
    EXPECT_FALSE(is_allowed_origin("http://", at(""), none));
}

TEST(Origin, ANameThatLeadsHereIsNoHostOfOursUnlessTokensAreAskedFor) {
    EXPECT_FALSE(is_allowed_origin("http://evil.example:8080", at("evil.example:8080"), {}));
    EXPECT_TRUE(is_allowed_origin("http://localhost:8080", at("localhost:8080"), {}));
    EXPECT_TRUE(is_allowed_origin("https://Chat.Example", at("chat.example"), {.asks_for_tokens = true}));
}

TEST(Origin, IsThatOfTheHostThatTheClientAskedAlsoBehindAProxy) {
    const OriginRules tokens{.asks_for_tokens = true};
    const AskedHost behind{.host = "chat.example", .named = "10.0.0.5:8080"};
    EXPECT_TRUE(is_allowed_origin("https://chat.example", behind, tokens));
    EXPECT_FALSE(is_allowed_origin("https://10.0.0.5:8080", behind, tokens));
}

TEST(Origin, InClearIsNoneOfAHostThatIsAskedByTls) {
    const OriginRules tokens{.asks_for_tokens = true};
    const AskedHost secure{.host = "chat.example", .named = "chat.example", .is_secure = true};
    EXPECT_FALSE(is_allowed_origin("http://chat.example", secure, tokens));
    EXPECT_TRUE(is_allowed_origin("https://chat.example", secure, tokens));
    EXPECT_TRUE(is_allowed_origin("https://chat.example", at("chat.example"), tokens))
        << "TLS may end before";
    EXPECT_TRUE(is_allowed_origin("http://chat.example", secure, {.allowed = {"http://chat.example"}}));
}

TEST(Origin, APageWithANameOfItsOwnCannotSayThatItAskedAnother) {
    const OriginRules listed{.allowed = {"https://good.example"}};
    for (const char* host : {"localhost", "127.0.0.1:8080", "good.example"}) {
        const AskedHost claimed{.host = host, .named = "evil.example:8080"};
        EXPECT_FALSE(is_allowed_request("", claimed, listed)) << host;
        EXPECT_FALSE(is_allowed_origin("http://evil.example:8080", claimed, listed)) << host;
        const AskedHost behind{.host = "evil.example", .named = "127.0.0.1:8080"};
        EXPECT_FALSE(is_allowed_request("", behind, listed));
        EXPECT_FALSE(is_allowed_origin("http://evil.example", behind, listed));
    }
    EXPECT_TRUE(is_allowed_request("", {.host = "good.example", .named = "127.0.0.1:8080"}, listed));
    EXPECT_TRUE(is_allowed_request("", {.host = "localhost", .named = "127.0.0.1:8080"}, listed));
    EXPECT_FALSE(is_allowed_request("", at(""), listed));
}

TEST(Position, HasOneForm) {
    EXPECT_EQ(parse_position("0")->seq, 0u);
    const auto position = parse_position("42.9f86d081884c7d65");
    ASSERT_TRUE(position.has_value());
    EXPECT_EQ(position->seq, 42u);
    EXPECT_EQ(position->check, 0x9f86d081884c7d65u);
    EXPECT_TRUE(parse_position("9007199254740991.0000000000000000").has_value());
    for (const char* bad :
         {"", "1", "0.0000000000000000", "01.9f86d081884c7d65", "-1.9f86d081884c7d65", "1.9F86d081884c7d65",
          "1.9f86d081884c7d6", "1.9f86d081884c7d655", "9007199254740992.9f86d081884c7d65",
          ".9f86d081884c7d65", "99999999999999999999999.9f86d081884c7d65", "1.+f86d081884c7d65"})
        EXPECT_FALSE(parse_position(bad).has_value()) << bad;
}

TEST_F(RequestTest, HelloWithAll) {
    const auto& hello = parse_as<Hello>(
        R"({"type":"hello","id":"a\"b","token":"t","session":"s","client":{"name":"js","version":"1.0"},
            "follow":false,"resume":[{"stream":"s","after":"0"},{"stream":"s.r","after":"2.00000000000000ff"}],"more":1})");
    EXPECT_EQ(request_.id, R"("a\"b")");
    EXPECT_EQ(hello.session, "s");
    EXPECT_EQ(hello.token, "t");
    EXPECT_EQ(hello.client, "js 1.0");
    EXPECT_FALSE(hello.follow);
    ASSERT_EQ(hello.resume.size(), 2u);
    EXPECT_EQ(hello.resume[0].stream, "s");
    EXPECT_EQ(hello.resume[0].after.seq, 0u);
    EXPECT_EQ(hello.resume[1].stream, "s.r");
    EXPECT_EQ(hello.resume[1].after.check, 0xffu);
    EXPECT_TRUE(parse_as<Hello>(R"({"type":"hello","id":1,"session":null})").session.empty());
    EXPECT_EQ(request_.id, "1");
}

TEST_F(RequestTest, SubscribeKnowsItsForms) {
    EXPECT_EQ(parse_as<Subscribe>(R"({"type":"subscribe","id":1,"stream":"a.b"})").from,
              static_cast<std::uint32_t>(SH_FROM_SNAPSHOT));
    EXPECT_EQ(parse_as<Subscribe>(R"({"type":"subscribe","id":1,"stream":"a","from":"tail"})").from,
              static_cast<std::uint32_t>(SH_FROM_TAIL));
    EXPECT_EQ(parse_as<Subscribe>(R"({"type":"subscribe","id":1,"stream":"a","after":"7.0000000000000001"})")
                  .after.seq,
              7u);
    EXPECT_NE(refusal(R"({"type":"subscribe","id":1,"stream":"a","after":"0","from":"tail"})"), "");
    EXPECT_NE(refusal(R"({"type":"subscribe","id":1,"stream":"a","from":"here"})"), "");
    EXPECT_NE(refusal(R"({"type":"subscribe","id":1})").find("`stream` is missing"), std::string::npos);
}

TEST_F(RequestTest, SendPassesTheTextOn) {
    const auto& send =
        parse_as<Send>(R"({"type":"send","id":2,"content":"a\u00e4\n","key":"k","options":{"x": [1]}})");
    EXPECT_EQ(send.content, R"("a\u00e4\n")");
    EXPECT_EQ(send.key, "k");
    EXPECT_EQ(send.options, R"({"x": [1]})");
    EXPECT_EQ(parse_as<Send>(R"({"type":"send","id":2,"data":[1, {"a":2}]})").content, R"([1, {"a":2}])");
    for (const std::string& json : std::vector<std::string>{"null", "false", "0", R"("text")", "[]", "{}"}) {
        EXPECT_EQ(parse_as<Send>(R"({"type":"send","id":2,"data":)" + json + "}").content, json);
        EXPECT_EQ(parse_as<Send>(R"({"type":"send","id":2,"content":null,"data":)" + json + "}").content,
                  json);
    }
    EXPECT_EQ(parse_as<Send>(R"({"type":"send","id":2,"content":"a","data":null})").content, R"("a")");
    EXPECT_NE(refusal(R"({"type":"send","id":2})"), "");
    EXPECT_NE(refusal(R"({"type":"send","id":2,"content":null})"), "");
    EXPECT_NE(refusal(R"({"type":"send","id":2,"content":"a","data":1})"), "");
    EXPECT_NE(refusal(R"({"type":"send","id":2,"content":1})"), "");
    EXPECT_NE(refusal(R"({"type":"send","id":2,"content":"a","options":"x"})"), "");
    EXPECT_NE(refusal(R"({"type":"send","id":2,"content":"a","key":")" + std::string(129, 'k') + "\"}"), "");
}

TEST_F(RequestTest, AppendToAnOwnedStream) {
    const auto& append = parse_as<Append>(
        R"({"type":"append","id":3,"stream":"s.r","fence":4,"seq":5,"entries":[{"kind":"text","delta":"a\"b"},{"kind":"part","x":{"y":1}}],
            "end":{"outcome":"error","error":{"code":"x","message":"m","more":1},"usage":{"total_tokens": 3}}})");
    EXPECT_TRUE(append.is_owned);
    EXPECT_EQ(append.fence, 4u);
    EXPECT_EQ(append.seq, 5u);
    ASSERT_EQ(append.items.size(), 2u);
    EXPECT_EQ(append.items[0].type, static_cast<std::uint32_t>(SH_RECORD_TEXT));
    EXPECT_EQ(view(append.items[0].data), R"(a\"b)");
    EXPECT_EQ(view(append.items[1].data), R"({"kind":"part","x":{"y":1}})");
    EXPECT_EQ(append.end,
              R"("outcome":"error","error":{"code":"x","message":"m"},"usage":{"total_tokens": 3})");
}

TEST_F(RequestTest, AppendToASharedStream) {
    const auto& append = parse_as<Append>(
        R"({"type":"append","id":3,"stream":"news","key":"k","entries":[{"kind":"text","delta":""}]})");
    EXPECT_FALSE(append.is_owned);
    EXPECT_EQ(append.key, "k");
    EXPECT_EQ(view(append.items.at(0).data), "");
}

TEST_F(RequestTest, AppendSaysWhatIsWrong) {
    const auto with = [](const std::string& rest) {
        return R"({"type":"append","id":3,"stream":"s.r",)" + rest + "}";
    };
    EXPECT_NE(refusal(with(R"("entries":[])")).find("is empty"), std::string::npos);
    EXPECT_NE(refusal(with(R"("entries":[{"kind":"text","delta":"a"}],"end":{"outcome":"complete"})"))
                  .find("claimed"),
              std::string::npos);
    EXPECT_NE(refusal(with(R"("fence":1,"entries":[{"kind":"text","delta":"a"}])")).find("`seq` is missing"),
              std::string::npos);
    EXPECT_NE(refusal(with(R"("fence":0,"seq":1,"entries":[{"kind":"text","delta":"a"}])")), "");
    const auto at = [&](const std::string& seq, const std::string& rest) {
        return refusal(with(R"("fence":1,"seq":)" + seq + R"(,"entries":[{"kind":"part"})" + rest));
    };
    EXPECT_EQ(at("9007199254740991", "]"), "");
    EXPECT_EQ(at("9007199254740992", "]"),
              "bad_request: `seq` has to be an integer from 1 to 9007199254740991");
    EXPECT_EQ(at("9007199254740991", R"(,{"kind":"part"}],"end":{"outcome":"complete"})"),
              "bad_request: `seq` has to be an integer from 1 to 9007199254740989");
    EXPECT_NE(refusal(with(R"("fence":1,"seq":1,"key":"k","entries":[{"kind":"text","delta":"a"}])")), "");
    EXPECT_NE(refusal(with(R"("entries":[{"kind":"run"}])")).find("\"text\" or \"part\""), std::string::npos);
    EXPECT_NE(refusal(with(R"("entries":[{"kind":"text","delta":1}])")), "");
    EXPECT_NE(refusal(with(R"("entries":["x"])")), "");
    EXPECT_NE(refusal(with(R"("fence":1,"seq":1,"end":{"outcome":"done"})")), "");
    EXPECT_NE(refusal(with(R"("fence":1,"seq":1,"end":{"outcome":"error","error":{"code":"x"}})")), "");
    std::string many = R"("entries":[)";
    for (int index = 0; index < 257; ++index)
        many += std::string(index > 0 ? "," : "") + R"({"kind":"part"})";
    EXPECT_EQ(refusal(with(many + "]")), "too_large: an append has at most 256 entries");
    const std::string big =
        R"("entries":[{"kind":"text","delta":")" + std::string(limits_.entry_bytes, 'a') + "\"}]";
    EXPECT_EQ(refusal(with(big)), "too_large: an entry has at most 262144 bytes");
}

TEST_F(RequestTest, TheOthers) {
    EXPECT_EQ(parse_as<Claim>(R"({"type":"claim","id":1,"stream":"s.r","lease_ms":1000})").lease_ms, 1'000u);
    EXPECT_NE(refusal(R"({"type":"claim","id":1,"stream":"s.r","lease_ms":999})"), "");
    EXPECT_EQ(parse_as<Renew>(R"({"type":"renew","id":1,"stream":"s.r","fence":9})").fence, 9u);
    EXPECT_EQ(parse_as<Cancel>(R"({"type":"cancel","id":1,"run":"s.r","reason":"user"})").reason, "user");
    EXPECT_NE(refusal(R"({"type":"cancel","id":1,"run":"s"})"), "");
    EXPECT_EQ(parse_as<History>(R"({"type":"history","id":1})").limit, 50u);
    EXPECT_NE(refusal(R"({"type":"history","id":1,"limit":201})"), "");
    EXPECT_EQ(parse_as<Refresh>(R"({"type":"refresh","id":1,"token":"t"})").token, "t");
    EXPECT_EQ(parse_as<Unsubscribe>(R"({"type":"unsubscribe","id":1,"stream":"s"})").stream, "s");
    EXPECT_EQ(parse_as<Ping>(R"({"type":"ping","ts":12.5})").ts, "12.5");
    EXPECT_TRUE(request_.id.empty());
    EXPECT_NE(refusal(R"({"type":"ping","ts":{}})"), "");
}

TEST_F(RequestTest, GarbageIsRefusedWithAReason) {
    EXPECT_EQ(refusal("nonsense"), "bad_request: not JSON");
    EXPECT_EQ(refusal(""), "bad_request: not JSON");
    EXPECT_EQ(refusal("[1]"), "bad_request: a message is one JSON object");
    EXPECT_EQ(refusal("{}"), "bad_request: `type` is missing");
    EXPECT_EQ(refusal(R"({"type":1})"), "bad_request: `type` has to be a string");
    EXPECT_EQ(refusal(R"({"type":"dance","id":7})"),
              "unknown_type: this version has no message of type \"dance\"");
    EXPECT_EQ(request_.id, "7");
    EXPECT_EQ(refusal(R"({"type":"send","content":"a"})"),
              "bad_request: `id` is missing: a string or an integer that the answer will repeat");
    EXPECT_EQ(refusal(R"({"type":"ping","id":[1]})"), "bad_request: `id` has to be a string");
    EXPECT_EQ(refusal(R"({"type":"ping","id":1.5})"), "bad_request: `id` has to be a string");
    EXPECT_NE(refusal(R"({"type":"ping","id":")" + std::string(129, 'x') + "\"}"), "");
    EXPECT_EQ(refusal(std::string(1'000, '[') + std::string(1'000, ']')),
              "bad_request: nested deeper than 64 levels");
    EXPECT_EQ(refusal(R"({"type":"hello","id":1,"resume":[{"stream":"a"}]})"),
              "bad_request: `after` is missing");
    EXPECT_EQ(refusal(R"({"type":"hello","id":1,"session":"a b"})"),
              "bad_request: `session` has to be 1 to 64 of A-Z a-z 0-9 _ -");
    // The parser goes on after all of it, also with a larger message than before.
    EXPECT_EQ(parse_as<Send>(R"({"type":"send","id":1,"content":")" + std::string(500'000, 'a') + "\"}")
                  .content.size(),
              500'002u);
}

TEST_F(RequestTest, ARefusalNamesItsRequestAlsoWhenTheRestIsNoJson) {
    EXPECT_NE(refusal(R"({"type":"send","id":"a-1","content":"x\ud83d"})").find("surrogate"),
              std::string::npos);
    EXPECT_EQ(request_.id, R"("a-1")");
    EXPECT_NE(refusal(R"({"data":1e999 , "id" : -12,"type":"send"})"), "");
    EXPECT_EQ(request_.id, "-12");
    EXPECT_NE(
        refusal(R"({"type":"send","data":)" + std::string(99, '[') + std::string(99, ']') + R"(,"id":7})"),
        "");
    EXPECT_EQ(request_.id, "7");
    for (const char* text :
         {R"({"id":"a\n","x":nope})", R"({"id":[1],"x":nope})", R"({"id":01,"x":nope})", R"({"id":"a)",
          R"({"id")", R"({"id":)", R"(["id",1,nope])", R"({"x" 1 "id":2})"}) {
        EXPECT_NE(refusal(text), "") << text;
        EXPECT_EQ(request_.id, "") << text;
    }
}

TEST_F(RequestTest, DepthIsLimitedAlsoAfterALargeMessage) {
    parse(R"({"type":"send","id":1,"content":")" + std::string(600'000, 'a') + "\"}");
    const std::string deep = std::string(63, '[') + std::string(63, ']');
    EXPECT_EQ(refusal(R"({"type":"send","id":1,"data":)" + deep + "}"), "");
    EXPECT_EQ(refusal(R"({"type":"send","id":1,"data":[[)" + deep + "]]}"),
              "bad_request: nested deeper than 64 levels");
}

}  // namespace
}  // namespace gateway
