#include "frames.hpp"

#include "streamhost/json.hpp"

namespace gateway {

using streamhost::json_string;

namespace {

// A frame in the making: members are added, text() closes it. Names are ours and need no escaping.
class Frame {
public:
    explicit Frame(std::string_view type) : text_(R"({"type":")") {
        text_ += type;
        text_ += '"';
    }
    Frame& raw(std::string_view name, std::string_view json) {
        text_ += ",\"";
        text_ += name;
        text_ += "\":";
        text_ += json;
        return *this;
    }
    Frame& raw_if(std::string_view name, std::string_view json) {
        return json.empty() ? *this : raw(name, json);
    }
    Frame& string(std::string_view name, std::string_view value) { return raw(name, json_string(value)); }
    Frame& number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
    Frame& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    Frame& check(std::uint64_t value) {
        const auto digits = streamhost::hex16(value);
        return string("check", {digits.data(), digits.size()});
    }
    [[nodiscard]] std::string text() {
        text_ += '}';
        return std::move(text_);
    }

private:
    std::string text_;
};

std::string limits_object(const Limits& limits) {
    // Sends are not counted here: 0 says so.
    return R"({"message_bytes":)" + std::to_string(limits.message_bytes) + R"(,"streams":)" +
           std::to_string(limits.streams) + R"(,"entries":)" + std::to_string(limits.entries) +
           R"(,"entry_bytes":)" + std::to_string(limits.entry_bytes) + R"(,"sends_per_minute":0})";
}

std::string server_object(std::string_view server) {
    const std::size_t slash = server.find('/');
    const std::string_view version = slash == std::string_view::npos ? "" : server.substr(slash + 1);
    return R"({"name":)" + json_string(server.substr(0, slash)) + R"(,"version":)" + json_string(version) +
           "}";
}

// What stands between the braces of an object.
std::string_view members_of(std::string_view object) {
    const std::size_t open = object.find('{');
    const std::size_t close = object.rfind('}');
    if (open == std::string_view::npos || close == std::string_view::npos || close <= open) return {};
    return object.substr(open + 1, close - open - 1);
}

}  // namespace

std::string welcome_frame(std::string_view id, const Welcome& welcome, const Limits& limits) {
    return Frame("welcome")
        .raw("id", id)
        .string("session", welcome.session)
        .string("user", welcome.user)
        .string("node", welcome.node)
        .string("affinity", welcome.affinity)
        .number("heartbeat_ms", limits.heartbeat_ms)
        .raw("limits", limits_object(limits))
        .raw("server", server_object(welcome.server))
        .text();
}

std::string accepted_frame(std::string_view id, std::string_view session, std::string_view object,
                           bool is_duplicate) {
    Frame frame("accepted");
    frame.raw("id", id).string("session", session);
    if (is_duplicate) frame.boolean("duplicate", true);
    std::string text = frame.text();
    if (const std::string_view members = members_of(object); !members.empty())
        text.insert(text.size() - 1, "," + std::string(members));
    return text;
}

std::string appended_frame(std::string_view id, std::string_view stream, std::uint64_t first,
                           std::uint64_t last, std::uint64_t check) {
    return Frame("appended")
        .raw("id", id)
        .string("stream", stream)
        .number("first", first)
        .number("last", last)
        .check(check)
        .text();
}

std::string claimed_frame(std::string_view id, std::string_view stream, std::uint64_t fence,
                          std::uint64_t seq, std::uint64_t check) {
    return Frame("claimed")
        .raw("id", id)
        .string("stream", stream)
        .number("fence", fence)
        .number("seq", seq)
        .check(check)
        .text();
}

std::string history_frame(std::string_view id, std::string_view messages, std::string_view next) {
    Frame frame("history");
    frame.raw("id", id).raw("messages", "[" + std::string(messages) + "]");
    if (!next.empty()) frame.string("next", next);
    return frame.text();
}

std::string ok_frame(std::string_view id) { return Frame("ok").raw("id", id).text(); }

std::string pong_frame(std::string_view id, std::string_view ts) {
    return Frame("pong").raw_if("id", id).raw_if("ts", ts).text();
}

std::string error_frame(std::string_view id, const Error& error, std::string_view stream) {
    Frame frame("error");
    frame.raw_if("id", id);
    if (!stream.empty()) frame.string("stream", stream);
    frame.string("code", error.code).string("message", error.message).boolean("retryable", error.retryable);
    if (error.retry_after_ms > 0)
        frame.number("retry_after_ms", static_cast<std::uint64_t>(error.retry_after_ms));
    if (error.expected) frame.number("expected", *error.expected);
    return frame.text();
}

std::string goaway_frame(std::uint32_t reconnect_after_ms) {
    return Frame("goaway").string("reason", "drain").number("reconnect_after_ms", reconnect_after_ms).text();
}

}  // namespace gateway
