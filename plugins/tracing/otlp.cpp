#include "otlp.hpp"

#include <algorithm>
#include <iterator>

#include "streamhost/bytes.hpp"

#include "protobuf.hpp"

namespace tracing {

using streamhost::view;

namespace {

// The field numbers of the .proto files; the official decoder holds them against the tests.
namespace request_field {
constexpr std::uint32_t kResourceSpans = 1;
}
namespace resource_spans_field {
constexpr std::uint32_t kResource = 1, kScopeSpans = 2;
}
namespace scope_spans_field {
constexpr std::uint32_t kScope = 1, kSpans = 2;
}
namespace scope_field {
constexpr std::uint32_t kName = 1, kVersion = 2;
}
namespace span_field {
constexpr std::uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
                        kStart = 7, kEnd = 8, kAttributes = 9, kEvents = 11, kStatus = 15, kFlags = 16;
}
namespace event_field {
constexpr std::uint32_t kTime = 1, kName = 2;
}
namespace status_field {
constexpr std::uint32_t kMessage = 2, kCode = 3;
}
namespace key_value_field {
constexpr std::uint32_t kKey = 1, kValue = 2;
}
namespace any_value_field {
constexpr std::uint32_t kString = 1, kInt = 3;
}
namespace response_field {
constexpr std::uint32_t kPartialSuccess = 1, kRejected = 1, kMessage = 2;
}

constexpr std::uint64_t kError = 2;
constexpr std::uint32_t kResourceAttributes = 1;
constexpr std::size_t kMaxWhy = 200;

template <std::size_t Size>
std::string_view id(const std::uint8_t (&bytes)[Size]) {
    return {reinterpret_cast<const char*>(bytes), Size};
}

std::string key_value(std::string_view key, std::string_view value_message) {
    std::string out;
    ProtobufWriter writer(out);
    writer.text(key_value_field::kKey, key);
    writer.text(key_value_field::kValue, value_message);
    return out;
}

std::string text_attribute(std::string_view key, std::string_view text) {
    std::string value;
    ProtobufWriter(value).text(any_value_field::kString, text);
    return key_value(key, value);
}

std::string attribute(const sh_span_attribute& from) {
    if (from.kind != SH_ATTRIBUTE_NUMBER) return text_attribute(view(from.name), view(from.text));
    std::string value;
    ProtobufWriter(value).number(any_value_field::kInt, static_cast<std::uint64_t>(from.number));
    return key_value(view(from.name), value);
}

std::string event(const sh_span_event& from) {
    std::string out;
    ProtobufWriter writer(out);
    writer.fixed64(event_field::kTime, from.at_ns);
    writer.text(event_field::kName, view(from.name));
    return out;
}

std::string status(std::string_view error) {
    std::string out;
    ProtobufWriter writer(out);
    writer.text(status_field::kMessage, error);
    writer.number(status_field::kCode, kError);
    return out;
}

void write_place(ProtobufWriter& writer, const sh_span& span) {
    const sh_trace_context& context = *span.context;
    writer.text(span_field::kTraceId, id(context.trace_id));
    writer.text(span_field::kSpanId, id(context.span_id));
    if (context.state.size > 0) writer.text(span_field::kTraceState, view(context.state));
    const bool has_parent = std::any_of(std::begin(span.parent_id), std::end(span.parent_id),
                                        [](std::uint8_t byte) { return byte != 0; });
    if (has_parent) writer.text(span_field::kParentSpanId, id(span.parent_id));
    writer.fixed32(span_field::kFlags, context.flags & (SH_TRACE_SAMPLED | SH_TRACE_RANDOM));
}

}  // namespace

std::string encode_span(const sh_span& span) {
    std::string out;
    ProtobufWriter writer(out);
    write_place(writer, span);
    writer.text(span_field::kName, view(span.name));
    writer.number(span_field::kKind, span.kind);
    writer.fixed64(span_field::kStart, span.start_ns);
    writer.fixed64(span_field::kEnd, span.end_ns);
    for (std::uint32_t index = 0; index < span.attribute_count; ++index)
        writer.text(span_field::kAttributes, attribute(span.attributes[index]));
    for (std::uint32_t index = 0; index < span.event_count; ++index)
        writer.text(span_field::kEvents, event(span.events[index]));
    if (span.error.size > 0) writer.text(span_field::kStatus, status(view(span.error)));
    return out;
}

std::string encode_resource(const Attributes& attributes) {
    std::string out;
    ProtobufWriter writer(out);
    for (const auto& [key, value] : attributes)
        writer.text(kResourceAttributes, text_attribute(key, value));
    return out;
}

std::string encode_request(std::string_view resource, std::string_view scope_version,
                           std::span<const std::string> spans) {
    std::string scope;
    ProtobufWriter(scope).text(scope_field::kName, "streamhost");
    ProtobufWriter(scope).text(scope_field::kVersion, scope_version);
    std::string scope_spans;
    ProtobufWriter(scope_spans).text(scope_spans_field::kScope, scope);
    for (const std::string& span : spans)
        ProtobufWriter(scope_spans).text(scope_spans_field::kSpans, span);
    std::string resource_spans;
    ProtobufWriter(resource_spans).text(resource_spans_field::kResource, resource);
    ProtobufWriter(resource_spans).text(resource_spans_field::kScopeSpans, scope_spans);
    std::string out;
    ProtobufWriter(out).text(request_field::kResourceSpans, resource_spans);
    return out;
}

PartialSuccess read_response(std::string_view body) {
    PartialSuccess out;
    while (const auto part = next_field(body)) {
        if (part->field != response_field::kPartialSuccess) continue;
        std::string_view message = part->text;
        while (const auto field = next_field(message)) {
            if (field->field == response_field::kRejected) out.rejected = field->number;
            if (field->field == response_field::kMessage) out.why = field->text.substr(0, kMaxWhy);
        }
    }
    return out;
}

}  // namespace tracing
