// What the encoder writes, walked field by field. That others understand it too is shown with the official
// definitions in tests/integration/tracing.test.mjs.
#include "otlp.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "streamhost/bytes.hpp"

#include "protobuf.hpp"

namespace tracing {
namespace {

using streamhost::bytes;

std::multimap<std::uint32_t, ProtobufField> fields_of(std::string_view message) {
    std::multimap<std::uint32_t, ProtobufField> out;
    while (const auto field = next_field(message))
        out.emplace(field->field, *field);
    EXPECT_TRUE(message.empty());
    return out;
}

std::string_view text_at(std::string_view message, std::uint32_t field) {
    const auto all = fields_of(message);
    const auto found = all.find(field);
    return found == all.end() ? std::string_view() : found->second.text;
}

TEST(Protobuf, WritesNumbersInSevenBits) {
    std::string out;
    ProtobufWriter(out).number(1, 150);
    EXPECT_EQ(out, "\x08\x96\x01");
    out.clear();
    ProtobufWriter(out).number(16, 1);
    EXPECT_EQ(out, std::string("\x80\x01\x01"));
    out.clear();
    ProtobufWriter(out).number(1, ~std::uint64_t{0});
    EXPECT_EQ(out.size(), 11u);
    std::string_view rest = out;
    EXPECT_EQ(next_field(rest)->number, ~std::uint64_t{0});
}

TEST(Protobuf, WritesFixedNumbersFromTheirLowEnd) {
    std::string out;
    ProtobufWriter(out).fixed64(7, 0x0102030405060708u);
    EXPECT_EQ(out, std::string("\x39\x08\x07\x06\x05\x04\x03\x02\x01"));
    out.clear();
    ProtobufWriter(out).fixed32(16, 1);
    EXPECT_EQ(out, std::string("\x85\x01\x01\0\0\0", 6));
}

TEST(Protobuf, ReadsNothingBeyondItsMessage) {
    for (const std::string& text : {std::string("\x0a\x05"
                                                "abc"),
                                    std::string("\x08"), std::string("\x08\x80"), std::string("\x39\x01"),
                                    std::string("\x0b"), std::string(11, '\xff'), std::string("\x0a")}) {
        std::string_view rest = text;
        while (next_field(rest)) {
        }
        SUCCEED();
    }
}

class EncodedSpan : public ::testing::Test {
protected:
    EncodedSpan() {
        context_.struct_size = sizeof(context_);
        context_.flags = SH_TRACE_SAMPLED | SH_TRACE_FROM_CLIENT;
        std::fill(std::begin(context_.trace_id), std::end(context_.trace_id), std::uint8_t{0xab});
        std::fill(std::begin(context_.span_id), std::end(context_.span_id), std::uint8_t{0xcd});
        span_.struct_size = sizeof(span_);
        span_.kind = SH_SPAN_PRODUCER;
        span_.context = &context_;
        span_.name = bytes("send");
        span_.start_ns = 1'700'000'000'000'000'000u;
        span_.end_ns = 1'700'000'000'000'000'005u;
    }
    sh_trace_context context_{};
    sh_span span_{};
};

TEST_F(EncodedSpan, HasItsPlaceNameAndTimes) {
    const std::string text = encode_span(span_);
    const auto fields = fields_of(text);
    EXPECT_EQ(fields.find(1)->second.text, std::string(16, '\xab'));
    EXPECT_EQ(fields.find(2)->second.text, std::string(8, '\xcd'));
    EXPECT_EQ(fields.find(5)->second.text, "send");
    EXPECT_EQ(fields.find(6)->second.number, 4u);
    EXPECT_EQ(fields.count(3), 0u) << "no state";
    EXPECT_EQ(fields.count(4), 0u) << "no parent";
    EXPECT_EQ(fields.count(15), 0u) << "no status";
    EXPECT_TRUE(fields.contains(7) && fields.contains(8) && fields.contains(16));
}

TEST_F(EncodedSpan, HasWhatWasSaidOfIt) {
    const sh_span_attribute attributes[] = {{bytes("word"), bytes("yes"), 0, SH_ATTRIBUTE_TEXT, 0},
                                            {bytes("rows"), {}, -1, SH_ATTRIBUTE_NUMBER, 0}};
    const sh_span_event events[] = {{bytes("half"), 7}};
    context_.state = bytes("a=1");
    span_.parent_id[0] = 1;
    span_.attributes = attributes;
    span_.attribute_count = 2;
    span_.events = events;
    span_.event_count = 1;
    span_.error = bytes("out of paper");
    const std::string text = encode_span(span_);
    const auto fields = fields_of(text);
    EXPECT_EQ(fields.find(3)->second.text, "a=1");
    EXPECT_EQ(fields.find(4)->second.text, std::string("\x01\0\0\0\0\0\0\0", 8));
    const auto [first, last] = fields.equal_range(9);
    ASSERT_EQ(std::distance(first, last), 2);
    EXPECT_EQ(text_at(first->second.text, 1), "word");
    EXPECT_EQ(text_at(text_at(first->second.text, 2), 1), "yes");
    const auto value = fields_of(text_at(std::next(first)->second.text, 2));
    EXPECT_EQ(static_cast<std::int64_t>(value.find(3)->second.number), -1);
    EXPECT_EQ(text_at(fields.find(11)->second.text, 2), "half");
    EXPECT_EQ(text_at(fields.find(15)->second.text, 2), "out of paper");
    EXPECT_EQ(fields_of(fields.find(15)->second.text).find(3)->second.number, 2u);
}

TEST_F(EncodedSpan, LiesBesideOthersInARequest) {
    const std::vector<std::string> spans = {encode_span(span_), encode_span(span_)};
    const std::string request =
        encode_request(encode_resource({{"service.name", "streamhost"}}), "1.2.3", spans);
    const std::string_view resource_spans = text_at(request, 1);
    EXPECT_EQ(text_at(text_at(text_at(resource_spans, 1), 1), 1), "service.name");
    const std::string_view scope_spans = text_at(resource_spans, 2);
    EXPECT_EQ(text_at(text_at(scope_spans, 1), 2), "1.2.3");
    EXPECT_EQ(fields_of(scope_spans).count(2), 2u);
}

TEST(Response, SaysWhatWasRefused) {
    std::string partial;
    ProtobufWriter(partial).number(1, 3);
    ProtobufWriter(partial).text(2, "too old");
    std::string body;
    ProtobufWriter(body).text(1, partial);
    EXPECT_EQ(read_response(body).rejected, 3u);
    EXPECT_EQ(read_response(body).why, "too old");
    EXPECT_EQ(read_response("").rejected, 0u);
    EXPECT_EQ(read_response("{\"partialSuccess\":{}}").rejected, 0u);
}

}  // namespace
}  // namespace tracing
