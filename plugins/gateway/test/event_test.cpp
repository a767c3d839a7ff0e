// Frames as events, and requests in the words of messages.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/bytes.hpp"

#include "call_text.hpp"
#include "event_encoder.hpp"
#include "position.hpp"
#include "problem.hpp"

namespace gateway {
namespace {

using streamhost::bytes;

class Sink {
public:
    Sink() {
        writer.struct_size = sizeof(writer);
        writer.self = this;
        writer.frame = [](sh_frame_writer* to, std::uint64_t seq, std::uint64_t, const sh_bytes* pieces,
                          std::uint32_t count) {
            std::string text;
            for (std::uint32_t index = 0; index < count; ++index)
                text += streamhost::view(pieces[index]);
            static_cast<Sink*>(to->self)->frames.push_back(text);
            static_cast<Sink*>(to->self)->last = seq;
        };
    }
    sh_frame_writer writer{};
    std::vector<std::string> frames;
    std::uint64_t last = 0;
};

sh_record record(std::uint64_t seq, std::uint32_t type, std::string_view data) {
    sh_record made{};
    made.seq = seq;
    made.check = 0xab;
    made.type = type;
    made.data = bytes(data);
    return made;
}

TEST(EventEncoder, SaysTheFrameItsNameAndThePositionThatItLeadsTo) {
    Sink sink;
    const sh_record records[] = {record(1, SH_RECORD_TEXT, "hi"),
                                 record(2, SH_RECORD_END, R"("outcome":"complete")")};
    event_encoder().encode(nullptr, bytes("s.r"), records, 2, &sink.writer);
    ASSERT_EQ(sink.frames.size(), 2u);
    EXPECT_EQ(
        sink.frames[0],
        "event: chunk\nid: 1.00000000000000ab\n"
        R"(data: {"type":"chunk","stream":"s.r","seq":1,"check":"00000000000000ab","data":{"kind":"text","delta":"hi"}})"
        "\n\n");
    EXPECT_TRUE(sink.frames[1].starts_with("event: end\nid: 2.00000000000000ab\ndata: {\"type\":\"end\""));
    EXPECT_EQ(sink.last, 2u);
}

TEST(EventEncoder, MakesALineOfEachLineEndOfItsProducer) {
    for (const auto& [data, lines] : std::vector<std::pair<std::string, std::string>>{
             {"{\n\"a\":1}", "{\ndata: \"a\":1}"},
             {"{\r\n\"a\":1}", "{\ndata: \"a\":1}"},
             {"{\r\r\"a\":1\n}", "{\ndata: \ndata: \"a\":1\ndata: }"}}) {
        Sink sink;
        const sh_record one = record(1, SH_RECORD_PART, data);
        event_encoder().encode(nullptr, bytes("t"), &one, 1, &sink.writer);
        ASSERT_EQ(sink.frames.size(), 1u);
        EXPECT_NE(sink.frames[0].find("\"data\":" + lines), std::string::npos) << sink.frames[0];
        EXPECT_EQ(sink.frames[0].find('\r'), std::string::npos);
    }
}

TEST(EventEncoder, MovesNobodyByWhatIsOnlyAnnounced) {
    sh_notice notice{};
    notice.struct_size = sizeof(notice);
    notice.stream = bytes("t");
    notice.last = 7;
    notice.check = 9;
    notice.first = 3;
    const auto text = [&](std::uint32_t kind) {
        Sink sink;
        notice.kind = kind;
        event_encoder().notice(nullptr, &notice, &sink.writer);
        return sink.frames.at(0);
    };
    EXPECT_TRUE(text(SH_NOTICE_SUBSCRIBED).starts_with("event: subscribed\ndata: {"));
    EXPECT_TRUE(text(SH_NOTICE_CAUGHT_UP).starts_with("event: caught_up\ndata: {"));
    EXPECT_TRUE(text(SH_NOTICE_GAP).starts_with("event: gap\nid: 7.0000000000000009\ndata: {"));
}

TEST(EventEncoder, LeadsASnapshotOfNothingBackToTheBeginning) {
    Sink sink;
    event_encoder().snapshot(nullptr, bytes("t"), nullptr, 0, {0, 0}, &sink.writer);
    ASSERT_EQ(sink.frames.size(), 1u);
    EXPECT_TRUE(sink.frames[0].starts_with("event: snapshot\nid: 0\n")) << sink.frames[0];
}

TEST(Position, IsWrittenAsItIsRead) {
    for (const char* text : {"0", "1.0000000000000000", "9007199254740991.ffffffffffffffff"}) {
        const auto position = parse_position(text);
        ASSERT_TRUE(position) << text;
        EXPECT_EQ(position_text(*position), text);
    }
}

std::string said(CallRequest request) { return read_call(request).message; }

TEST(CallText, PutsThePathBeforeTheBody) {
    EXPECT_EQ(said({.method = "POST", .path = "/v1/streams/t", .body = R"( {"entries":[]} )"}),
              R"({"type":"append","id":0,"stream":"t","entries":[]} )");
    EXPECT_EQ(said({.method = "POST", .path = "/v1/streams/t.r/claim", .body = "{\"lease_ms\":1000}"}),
              R"({"type":"claim","id":0,"stream":"t.r","lease_ms":1000})");
    EXPECT_EQ(said({.method = "POST", .path = "/v1/runs/s.r/cancel"}),
              R"({"type":"cancel","id":0,"run":"s.r"})");
    EXPECT_EQ(said({.method = "POST", .path = "/v1/runs/s.r/cancel", .body = "{ }"}),
              R"({"type":"cancel","id":0,"run":"s.r" })");
    EXPECT_EQ(said({.method = "POST", .path = "/v1/streams/t", .body = "[1]"}), "[1]");
}

TEST(CallText, ReadsFromWhereTheReaderSaysThatItIs) {
    const CallRequest asked{.method = "GET", .path = "/v1/streams/t", .query = "x=1&after=2.a&from=tail"};
    EXPECT_EQ(said(asked), R"({"type":"subscribe","id":0,"stream":"t","after":"2.a"})");
    CallRequest back = asked;
    back.last_event_id = "3.b";
    back.wants_stream = true;
    EXPECT_EQ(said(back), R"({"type":"subscribe","id":0,"stream":"t","after":"3.b"})");
    EXPECT_TRUE(read_call(asked).is_read);
    EXPECT_FALSE(read_call(back).is_read);
    EXPECT_TRUE(read_call(back).may_wait);
    EXPECT_EQ(said({.method = "GET", .path = "/v1/streams/t", .query = "from=start"}),
              R"({"type":"subscribe","id":0,"stream":"t","from":"start"})");
    EXPECT_EQ(read_call({.method = "GET", .path = "/v1/streams/t", .query = "limit=0"}).status, 400u);
    EXPECT_EQ(read_call({.method = "GET", .path = "/v1/streams/t", .query = "limit=7"}).limit, 7u);
}

TEST(CallText, TakesATraceAlongAndNoBytesThatAreNoText) {
    CallRequest asked{.method = "POST", .path = "/v1/sessions/s/messages", .body = R"({"content":"hi"})"};
    asked.trace_parent = "\xff";
    asked.trace_state = "a=b";
    EXPECT_EQ(said(asked), R"({"type":"send","id":0,"tracestate":"a=b","content":"hi"})");
}

TEST(CallText, AsksForTheHistoryOfTheSessionOfThePath) {
    const CallText call =
        read_call({.method = "GET", .path = "/v1/sessions/s/messages", .query = "before=m%2d1&limit=20"});
    EXPECT_EQ(call.message, R"({"type":"history","id":0,"before":"m-1","limit":20})");
    EXPECT_EQ(call.session, "s");
    EXPECT_EQ(said({.method = "GET", .path = "/v1/sessions/s/messages", .query = "limit=ten"}),
              R"({"type":"history","id":0,"limit":"ten"})");
}

TEST(CallText, AsksForASessionAsForItsHistory) {
    const CallText call = read_call({.method = "GET", .path = "/v1/sessions/s"});
    EXPECT_TRUE(call.is_summary);
    EXPECT_EQ(call.message + call.session, R"({"type":"history","id":0}s)");
    EXPECT_EQ(read_call({.method = "POST", .path = "/v1/sessions/s"}).allow, "GET, HEAD");
    EXPECT_EQ(read_call({.method = "GET", .path = "/v1/sessions/a.b"}).status, 400u);
}

TEST(CallText, RefusesOtherPathsAndMethods) {
    const auto status = [](std::string_view method, std::string_view path) {
        return read_call({.method = method, .path = path}).status;
    };
    for (const char* path : {"/v1/sessions/", "/v1/sessions/s/messages/", "/v1/streams/t/other",
                             "/v2/streams/t", "/v1/runs/s.r", "/v1/", "/v1/sessions//messages/x"})
        EXPECT_EQ(status("GET", path), 404u) << path;
    EXPECT_EQ(status("PUT", "/v1/streams/t"), 405u);
    EXPECT_EQ(status("GET", "/v1/streams/t/claim"), 405u);
    EXPECT_EQ(status("GET", "/v1/runs/s.r/cancel"), 405u);
    EXPECT_EQ(read_call({.method = "DELETE", .path = "/v1/sessions/s/messages"}).allow, "GET, HEAD, POST");
    EXPECT_EQ(status("POST", "/v1/sessions/a.b/messages"), 400u);
}

TEST(Problem, HasTheStatusOfItsCodeAndWhenToComeBack) {
    for (const std::string_view code : kErrorCodes)
        EXPECT_TRUE(code == "internal" || http_status({.code = code}) != 500) << code;
    const auto response = problem_response(
        409,
        {.code = "sequence_gap", .message = "no", .retryable = true, .retry_after_ms = 1'001, .expected = 4});
    EXPECT_EQ(response.body, R"({"type":"about:blank","title":"Conflict","status":409,"code":"sequence_gap",)"
                             R"("detail":"no","retryable":true,"retry_after_ms":1001,"expected":4})");
    const auto& [name, value] = response.headers.back();
    EXPECT_EQ(name, "Retry-After");
    EXPECT_EQ(value, "2");
}

}  // namespace
}  // namespace gateway
