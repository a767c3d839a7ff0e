// The part of the protobuf wire format that OTLP needs (https://protobuf.dev/programming-guides/encoding/):
// messages are written field by field and read by walking over their fields. Pure. [any]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tracing {

// Appends fields to a text. What has the value that a reader assumes anyway is left out by the caller.
class ProtobufWriter {
public:
    explicit ProtobufWriter(std::string& out) : out_(out) {}

    void number(std::uint32_t field, std::uint64_t value);  // int64, uint64, enum, bool
    void fixed64(std::uint32_t field, std::uint64_t value);
    void fixed32(std::uint32_t field, std::uint32_t value);
    void text(std::uint32_t field, std::string_view value);  // string, bytes, an encoded message

private:
    void tag(std::uint32_t field, std::uint32_t wire_type);
    void varint(std::uint64_t value);
    std::string& out_;
};

struct ProtobufField {
    std::uint32_t field = 0;
    std::uint64_t number = 0;  // of a varint
    std::string_view text;     // of a length-delimited one
};

// Takes the next field off `message`. Nothing: the end, or no message.
[[nodiscard]] std::optional<ProtobufField> next_field(std::string_view& message);

}  // namespace tracing
