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
    if (name == "snapshot") return FrameType::kSnapshot;
    if (name == "gap") return FrameType::kGap;
    if (name == "goaway") return FrameType::kGoaway;
    return FrameType::kOther;
}

std::uint64_t number(ondemand::value value) { return value.get_uint64(); }

std::string_view delta_of(ondemand::object entry) {
    std::string_view delta;
    for (auto member : entry) {
        const std::string_view name = member.unescaped_key();
        if (name == "delta") delta = member.value().get_string();
    }
    return delta;
}

// Of a chunk, or of a snapshot with a single entry.
void take_data(ServerFrame& out, ondemand::value data) {
    if (data.type() == ondemand::json_type::object) {
        out.delta = delta_of(data.get_object());
    } else if (data.type() == ondemand::json_type::array) {
        int entries = 0;
        for (auto entry : data.get_array()) {
            if (++entries > 1) throw Failure("a snapshot of several entries");
            out.delta = delta_of(entry.get_object());
        }
    }
}

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
    } else if (key == "code") {
        out.code = value.get_string();
    } else if (key == "retryable") {
        out.is_retryable = value.get_bool();
    } else if (key == "retry_after_ms") {
        out.retry_after_ms = number(value);
    } else if (key == "data") {
        take_data(out, value);
    }
}

bool ends_a_run(FrameType type) {
    return type == FrameType::kError || type == FrameType::kGap || type == FrameType::kSnapshot ||
           type == FrameType::kGoaway;
}

}  // namespace

struct FrameReader::Parser {
    ondemand::parser parser;
};

FrameReader::FrameReader(Manner manner) : manner_(manner), parser_(std::make_unique<Parser>()) {}
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
    if (manner_ == Manner::kStrict && ends_a_run(frame_.type))
        throw Failure("the server said " + std::string(text.substr(0, 300)));
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

std::string subscribe_from_start(std::uint64_t id, std::string_view stream) {
    std::string text = R"({"type":"subscribe","id":)" + std::to_string(id) + R"(,"stream":")";
    return text.append(stream).append(R"(","from":"start"})");
}

std::string subscribe_after(std::uint64_t id, std::string_view stream, std::uint64_t seq,
                            std::string_view check) {
    std::string text = R"({"type":"subscribe","id":)" + std::to_string(id) + R"(,"stream":")";
    text.append(stream).append(R"(","after":")").append(std::to_string(seq));
    if (seq > 0) text.append(".").append(check);
    return text.append(R"("})");
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

std::string begin_append(std::uint64_t id, std::string_view stream, std::string_view key) {
    std::string text = R"({"type":"append","id":)" + std::to_string(id) + R"(,"stream":")";
    return text.append(stream).append(R"(","key":")").append(key).append(R"(","entries":[)");
}

void add_entry(std::string& request, std::string_view text) {
    if (request.back() != '[') request += ',';
    request.append(R"({"kind":"text","delta":")").append(text).append(R"("})");
}

void end_append(std::string& request) { request.append("]}"); }

}  // namespace streamhost::load
