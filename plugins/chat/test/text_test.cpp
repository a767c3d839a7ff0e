#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/ids.hpp"
#include "streamhost/json.hpp"
#include "streamhost/status.hpp"

#include "echo_provider.hpp"
#include "ids.hpp"
#include "texts.hpp"
#include "utf8_carry.hpp"

namespace chat {
namespace {

constexpr std::string_view kBad = "\xEF\xBF\xBD";

TEST(Utf8Carry, EveryCutOfATextGivesWholeCodePointsAndTheTextBack) {
    const std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            Utf8Carry carry;
            std::string joined;
            for (const std::string& piece :
                 {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
                const std::string whole = carry.add(piece);
                Utf8Carry alone;
                EXPECT_EQ(alone.add(whole), whole);
                EXPECT_EQ(alone.finish(), "") << "a torn code point went out";
                joined += whole;
            }
            EXPECT_EQ(joined + carry.finish(), text);
        }
    }
}

TEST(Utf8Carry, WhatCanNeverBecomeACodePointIsReplacedOncePerPart) {
    const std::string bad(kBad);
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"\xFF", bad},
        {"\xC0\xAF", bad + bad},
        {"\xED\xA0\x80", bad + bad + bad},
        {"\xE2\x82z", bad + "z"},
        {"\xF4\x90\x80\x80", bad + bad + bad + bad},
        {"\x80", bad},
    };
    for (const auto& [given, wanted] : cases) {
        Utf8Carry carry;
        EXPECT_EQ(carry.add(given) + carry.finish(), wanted);
    }
    Utf8Carry carry;
    EXPECT_EQ(carry.add("ab\xE2\x82"), "ab");
    EXPECT_EQ(carry.finish(), bad) << "the provider ended inside a code point";
    EXPECT_EQ(carry.finish(), "");
}

TEST(CutEscaped, NeverTearsAnEscapeOrACodePoint) {
    const std::string text = "ab\\n\\\\\\\"\xC3\xA4\\u0001\\ud83d\\ude00x\\\\";
    const std::vector<std::size_t> ends = {0, 1, 2, 4, 6, 8, 10, 16, 28, 29, 31};
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::size_t cut = cut_escaped(text, size).size();
        std::size_t wanted = 0;
        for (const std::size_t end : ends)
            if (end <= size) wanted = end;
        EXPECT_EQ(cut, wanted) << "at " << size;
    }
}

TEST(Echo, TheWordsOfATextJoinedAreTheText) {
    for (const std::string& text : std::vector<std::string>{
             "", " ", "one", "one two", "  lead\n\nand\ttail  ", "\xC3\xA4 \xE2\x82\xAC\n",
             "a\xC2\xA0"
             "b"}) {
        std::string joined;
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view word = first_word(rest);
            ASSERT_FALSE(word.empty());
            joined += word;
            rest.remove_prefix(word.size());
        }
        EXPECT_EQ(joined, text);
    }
    EXPECT_EQ(first_word("one  two"), "one  ");
    EXPECT_EQ(first_word("  one two"), "  one ");
}

TEST(Ids, RunIdsCarryTheirSessionAndEightyRandomBits) {
    const std::string first = run_id("s-1");
    EXPECT_EQ(streamhost::home_of(first), "s-1");
    EXPECT_EQ(streamhost::local_of(first).size(), 16u);
    EXPECT_EQ(streamhost::local_of(first).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"),
              std::string_view::npos);
    EXPECT_NE(first, run_id("s-1"));
    EXPECT_TRUE(streamhost::is_run_id(first));
}

TEST(Ids, ContentHashIsSha256) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Content, TextAndDataAreToldApartAndStripped) {
    EXPECT_FALSE(check_content(" \"a b\" ").is_data);
    EXPECT_EQ(check_content(" \"a b\" ").json, "\"a b\"");
    EXPECT_TRUE(check_content("{ \"a\" : [1,\n2] }").is_data);
    EXPECT_EQ(check_content("{ \"a\" : [1,\n2] }").json, "{\"a\":[1,2]}");
}

TEST(Content, WhatIsNoJsonOrTooLongIsRefused) {
    for (const std::string& bad : std::vector<std::string>{"", "{", "\"a", "nope", "\"\xFF\"", "1 2"})
        EXPECT_THROW((void)check_content(bad), streamhost::Failure) << bad;
    EXPECT_THROW((void)check_content("\"" + std::string(kMaxEntryBytes, 'a') + "\""), streamhost::Failure);
    EXPECT_THROW((void)check_options("[]"), streamhost::Failure);
    EXPECT_EQ(wanted_provider("{\"provider\":\"x\"}"), "x");
    EXPECT_EQ(wanted_provider("{\"temperature\":1}"), "");
    EXPECT_THROW((void)wanted_provider("{\"provider\":1}"), streamhost::Failure);
}

TEST(Texts, RunStatesAreSpelledAsOthersReadThem) {
    const std::string state = run_state("s.r", "ended", "complete");
    EXPECT_EQ(state, R"({"kind":"run","run":"s.r","state":"ended","outcome":"complete"})");
    EXPECT_EQ(streamhost::own_member(state, "run"), "s.r");
    EXPECT_EQ(accepted("m", "s.r"), R"({"message":"m","run":"s.r","stream":"s.r"})");
}

TEST(Texts, EndsHaveNoBraces) {
    EXPECT_EQ(end_of({.usage = "{\"total_tokens\":2}"}),
              R"("outcome":"complete","usage":{"total_tokens":2})");
    EXPECT_EQ(end_of({.code = "timeout", .message = "a \"b\""}),
              R"("outcome":"error","error":{"code":"timeout","message":"a \"b\""})");
    EXPECT_EQ(cancelled_end(""), R"("outcome":"cancelled")");
    EXPECT_EQ(cancelled_end("user"), R"("outcome":"cancelled","reason":"user")");
}

TEST(Texts, AnAnswerLongerThanAnEntryIsCutToFit) {
    const std::string text =
        assistant_message("m", std::string(2 * kMaxEntryBytes, 'x'), "s.r", "complete", 1);
    EXPECT_LE(text.size(), kMaxEntryBytes);
    EXPECT_GT(text.size(), kMaxEntryBytes - 2 * kEnvelopeBytes);
    EXPECT_TRUE(context_message(text).has_value());
}

TEST(Texts, ContextIsWhatUsersAndAssistantsSaid) {
    const auto message =
        context_message(R"({"kind":"message","id":"m","role":"user","content":"a\nb","run":"r"})");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->role, "user");
    EXPECT_EQ(message->content, "a\nb");
    EXPECT_FALSE(context_message(R"({"role":"user","data":{"a":1}})"));
    EXPECT_FALSE(context_message(R"({"role":"system","content":"obey"})"));
    EXPECT_FALSE(context_message("garbage"));
}

}  // namespace
}  // namespace chat
