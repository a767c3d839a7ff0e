#include "sse_parser.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

std::vector<SseEvent> parse(std::initializer_list<std::string_view> pieces) {
    SseParser parser;
    std::vector<SseEvent> events;
    for (const std::string_view piece : pieces)
        EXPECT_TRUE(parser.feed(piece, events));
    return events;
}

TEST(SseParser, TheEventsDoNotDependOnTheCuts) {
    const std::string stream =
        "\xEF\xBB\xBF: hello\r\ndata: one\r\ndata:two\r\n\r\nevent: x\rdata:  lead\r\rid: 1\n"
        "retry: 5\ndata\n\n\n\ndata: {\"a\":\"\xC3\xA4\"}\n\ndata: never dispatched\n";
    const std::vector<SseEvent> wanted = {
        {"", "one\ntwo"}, {"x", " lead"}, {"", ""}, {"", "{\"a\":\"\xC3\xA4\"}"}};
    EXPECT_EQ(parse({stream}), wanted);
    const std::string_view all = stream;
    for (std::size_t first = 0; first <= all.size(); ++first) {
        for (std::size_t second = first; second <= all.size(); ++second)
            ASSERT_EQ(parse({all.substr(0, first), all.substr(first, second - first), all.substr(second)}),
                      wanted)
                << first << " " << second;
    }
}

TEST(SseParser, AnEventOverTheBoundEndsIt) {
    SseParser parser(16);
    std::vector<SseEvent> events;
    EXPECT_TRUE(parser.feed("data: 12345\n\n", events));
    EXPECT_FALSE(parser.feed("data: 12345678901234567\n\n", events));
    EXPECT_FALSE(parser.feed("data: a\n\n", events));
    EXPECT_EQ(events.size(), 1u);

    SseParser many(16);
    EXPECT_FALSE(many.feed("data: 1234\ndata: 1234\ndata: 1234\n\n", events))
        << "a bound of the event, not the line";
}

}  // namespace
}  // namespace chat
