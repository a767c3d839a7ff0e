#include "protobuf.hpp"

namespace tracing {

namespace {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

template <typename Number>
void append_little_endian(std::string& out, Number value) {
    for (std::size_t index = 0; index < sizeof(value); ++index)
        out += static_cast<char>(static_cast<unsigned char>(value >> (8 * index)));
}

std::optional<std::uint64_t> read_varint(std::string_view& text) {
    std::uint64_t value = 0;
    for (std::uint32_t shift = 0; shift < 64 && !text.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(text.front());
        text.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7fu) << shift;
        if ((byte & 0x80u) == 0) return value;
    }
    return std::nullopt;
}

}  // namespace

void ProtobufWriter::varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        out_ += static_cast<char>(static_cast<unsigned char>(value | 0x80u));
    out_ += static_cast<char>(static_cast<unsigned char>(value));
}

void ProtobufWriter::tag(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3 | wire_type); }

void ProtobufWriter::number(std::uint32_t field, std::uint64_t value) {
    tag(field, kVarint);
    varint(value);
}

void ProtobufWriter::fixed64(std::uint32_t field, std::uint64_t value) {
    tag(field, kFixed64);
    append_little_endian(out_, value);
}

void ProtobufWriter::fixed32(std::uint32_t field, std::uint32_t value) {
    tag(field, kFixed32);
    append_little_endian(out_, value);
}

void ProtobufWriter::text(std::uint32_t field, std::string_view value) {
    tag(field, kLength);
    varint(value.size());
    out_ += value;
}

std::optional<ProtobufField> next_field(std::string_view& message) {
    const auto tag = read_varint(message);
    if (!tag) return std::nullopt;
    ProtobufField out{.field = static_cast<std::uint32_t>(*tag >> 3), .text = {}};
    std::size_t skipped = 0;
    switch (*tag & 7u) {
    case kVarint: {
        const auto value = read_varint(message);
        if (!value) return std::nullopt;
        out.number = *value;
        return out;
    }
    case kLength: {
        const auto size = read_varint(message);
        if (!size || *size > message.size()) return std::nullopt;
        out.text = message.substr(0, static_cast<std::size_t>(*size));
        skipped = out.text.size();
        break;
    }
    case kFixed64: skipped = 8; break;
    case kFixed32: skipped = 4; break;
    default: return std::nullopt;
    }
    if (skipped > message.size()) return std::nullopt;
    message.remove_prefix(skipped);
    return out;
}

}  // namespace tracing
