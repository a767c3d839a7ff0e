#include "net/ws_extension.hpp"

#include <gmock/gmock.h>

namespace streamhost::net {
namespace {

std::string answer_to(std::string_view field) {
    WsDeflateTerms terms;
    EXPECT_TRUE(choose_deflate(field, terms)) << field;
    std::string out;
    append_deflate(out, terms);
    return out;
}

constexpr const char* kPlain = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
constexpr const char* kAlone =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
    "server_no_context_takeover\r\n";
constexpr const char* kWindow =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_max_window_bits=15\r\n";
constexpr const char* kBoth =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover; "
    "server_max_window_bits=15\r\n";

struct Case {
    const char* name;
    const char* offer;
    const char* answer;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.offer; }

class WsExtension : public testing::TestWithParam<Case> {};

TEST_P(WsExtension, IsAnsweredByTheRfc) { EXPECT_EQ(answer_to(GetParam().offer), GetParam().answer); }

const Case kCases[] = {
    {"Bare", "permessage-deflate", kPlain},
    {"Chromium", "permessage-deflate; client_max_window_bits", kPlain},
    {"Empty", "", ""},
    {"OnlyBlanks", " \t", ""},
    {"OnlyCommas", " , ,", ""},
    {"ClientWindowOf10", "permessage-deflate; client_max_window_bits=10", kPlain},
    {"ClientWindowOf8Quoted", "permessage-deflate; client_max_window_bits=\"8\"", kPlain},
    {"QuotedPairs", "permessage-deflate; client_max_window_bits=\"\\1\\5\"", kPlain},
    {"ClientAlone", "permessage-deflate;client_no_context_takeover", kPlain},
    {"ServerAlone", "permessage-deflate ; server_no_context_takeover", kAlone},
    {"ServerWindowOf15", "permessage-deflate; server_max_window_bits=15", kWindow},
    {"AllOfThem",
     "permessage-deflate; server_max_window_bits=15; client_max_window_bits; client_no_context_takeover; "
     "server_no_context_takeover",
     kBoth},
    // Declined.
    {"ServerWindowOf14", "permessage-deflate; server_max_window_bits=14", ""},
    {"ServerWindowOf8", "permessage-deflate; server_max_window_bits=8", ""},
    {"ServerWindowOf16", "permessage-deflate; server_max_window_bits=16", ""},
    {"ServerWindowWithoutValue", "permessage-deflate; server_max_window_bits", ""},
    {"ClientWindowOf7", "permessage-deflate; client_max_window_bits=7", ""},
    {"ClientWindowOf16", "permessage-deflate; client_max_window_bits=16", ""},
    {"ClientWindowOf0", "permessage-deflate; client_max_window_bits=0", ""},
    {"LeadingZero", "permessage-deflate; client_max_window_bits=08", ""},
    {"LongNumber", "permessage-deflate; client_max_window_bits=150", ""},
    {"NoNumber", "permessage-deflate; client_max_window_bits=1x", ""},
    {"ServerAloneWithValue", "permessage-deflate; server_no_context_takeover=1", ""},
    {"ClientAloneWithValue", "permessage-deflate; client_no_context_takeover=true", ""},
    {"Unknown", "permessage-deflate; server_no_takeover", ""},
    {"UnknownWithValue", "permessage-deflate; level=9", ""},
    {"Twice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
    {"TwiceWithOtherValue", "permessage-deflate; client_max_window_bits; client_max_window_bits=10", ""},
    {"OtherCase", "permessage-deflate; Server_No_Context_Takeover", ""},
    {"OtherExtension", "permessage-bzip2", ""},
    {"WebkitsOldOne", "x-webkit-deflate-frame", ""},
    // The first that can be kept.
    {"SecondOfTwo", "permessage-deflate; server_max_window_bits=10, permessage-deflate", kPlain},
    {"BehindAnother", "permessage-foo; x=\"y\", permessage-deflate; server_no_context_takeover", kAlone},
    {"FirstOfThree",
     "permessage-deflate; server_max_window_bits=9; server_no_context_takeover, permessage-deflate; "
     "server_no_context_takeover, permessage-deflate",
     kAlone},
    {"BehindEmptyElements", ",, permessage-deflate ,", kPlain},
};
INSTANTIATE_TEST_SUITE_P(Rfc7692, WsExtension, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

class WsExtensionGrammar : public testing::TestWithParam<const char*> {};

TEST_P(WsExtensionGrammar, IsRefused) {
    WsDeflateTerms terms;
    EXPECT_FALSE(choose_deflate(GetParam(), terms));
}

INSTANTIATE_TEST_SUITE_P(Rfc6455, WsExtensionGrammar,
                         testing::Values("permessage deflate", "permessage-deflate;", "permessage-deflate; ;",
                                         "; a", "permessage-deflate; a=", "permessage-deflate; =a",
                                         "permessage-deflate; a=b c", "permessage-deflate; a=\"b",
                                         "permessage-deflate; a=\"\"", "permessage-deflate; a=\"b c\"",
                                         "permessage-deflate; a=\"b,c\"", "permessage-deflate; a=\"b\\",
                                         "permessage-deflate; a==b", "permessage-deflate, \"a\"", "a/b"));

TEST(WsExtensionFields, TheFirstFieldThatCanBeKeptWins) {
    WsDeflateTerms terms;
    ASSERT_TRUE(choose_deflate("permessage-deflate; server_max_window_bits=9", terms));
    EXPECT_EQ(terms, WsDeflateTerms{});
    ASSERT_TRUE(choose_deflate("permessage-deflate; server_no_context_takeover", terms));
    ASSERT_TRUE(choose_deflate("permessage-deflate", terms));
    EXPECT_EQ(terms.compression, WsCompression::kEach);
}

}  // namespace
}  // namespace streamhost::net
