#include "frames.hpp"

#include <simdjson.h>

#include "connection.hpp"
#include "failure.hpp"

namespace streamhost::load {
namespace {

static_assert(Connection::kPadding >= simdjson::SIMDJSON_PADDING);

namespace ondemand = simdjson::ondemand;

FrameType type_of(std::string_view name) {
    if (name == "chunk") return FrameType::kChunk;
    if (name == "appended") return FrameType::kAppended;
    if (name == "end") return FrameType::kEnd;
    if (name == "caught_up") return FrameType::kCaughtUp;
    if (name == "subscribed") return FrameType::kSubscribed;
    if (name == "welcome") return FrameType::kWelcome;
    if (name == "claimed") return FrameType::kClaimed;
    if (name == "error") return FrameType::kError;
    return FrameType::kOther;
}

std::uint64_t number(ondemand::value value) { return value.get_uint64(); }

// Only strings and integers are read where the frame's kind says so; the rest is skipped unread.
void take(ServerFrame& out, std::string_view key, ondemand::value value) {
    if (key == "type") {
        out.type_name = value.get_string();
        out.type = type_of(out.type_name);
    } else if (key == "stream") {
        out.stream = value.get_string();
    } else if (key == "seq") {
        out.seq = number(value);
    } else if (key == "check") {
        out.check = value.get_string();
    } else if (key == "from") {
        out.from = number(value);
    } else if (key == "id") {
        if (value.type() == ondemand::json_type::number) out.id = number(value);
    } else if (key == "first") {
        out.first = number(value);
    } else if (key == "last") {
        out.last = number(value);
    } else if (key == "fence") {
        out.fence = value.raw_json_token();
        while (out.fence.ends_with(' '))
            out.fence.remove_suffix(1);
    } else if (key == "outcome") {
        out.outcome = value.get_string();
    } else if (key == "data") {
        if (value.type() != ondemand::json_type::object) return;
        for (auto member : value.get_object()) {
            const std::string_view name = member.unescaped_key();
            if (name == "delta") out.delta = member.value().get_string();
        }
    }
}

bool ends_a_run(std::string_view type) {
    return type == "error" || type == "gap" || type == "snapshot" || type == "goaway";
}

}  // namespace

struct FrameReader::Parser {
    ondemand::parser parser;
};

FrameReader::FrameReader() : parser_(std::make_unique<Parser>()) {}
FrameReader::~FrameReader() = default;

const ServerFrame& FrameReader::read(std::string_view text) {
    frame_ = {};
    try {
        ondemand::document document = parser_->parser.iterate(
            simdjson::padded_string_view(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING));
        for (auto member : document.get_object())
            take(frame_, member.unescaped_key(), member.value());
    } catch (const simdjson::simdjson_error& error) {
        throw Failure(std::string(error.what()) + " in a frame: " + std::string(text.substr(0, 300)));
    }
    if (ends_a_run(frame_.type_name)) throw Failure("the server said " + std::string(text.substr(0, 300)));
    return frame_;
}

std::string hello(std::string_view session) {
    std::string text = R"({"type":"hello","id":1,"session":")";
    return text.append(session).append(R"(","follow":false})");
}

std::string subscribe(std::uint64_t id, std::string_view stream) {
    std::string text = R"({"type":"subscribe","id":)" + std::to_string(id) + R"(,"stream":")";
    return text.append(stream).append(R"(","from":"tail"})");
}

std::string claim(std::uint64_t id, std::string_view stream) {
    std::string text = R"({"type":"claim","id":)" + std::to_string(id) + R"(,"stream":")";
    return text.append(stream).append(R"(","lease_ms":600000})");
}

std::string append(const Append& request) {
    std::string text = R"({"type":"append","id":)" + std::to_string(request.id) + R"(,"stream":")";
    text.append(request.stream);
    if (!request.fence.empty()) {
        text.append(R"(","fence":)").append(request.fence);
        text.append(R"(,"seq":)").append(std::to_string(request.seq));
        text.append(R"(,"entries":[{"kind":"text","delta":")");
    } else {
        text.append(R"(","entries":[{"kind":"text","delta":")");
    }
    text.append(request.text).append(R"("}])");
    if (request.ends) text.append(R"(,"end":{"outcome":"complete"})");
    return text.append("}");
}

}  // namespace streamhost::load
