#include "frames.hpp"

#include "streamhost/json_object.hpp"

namespace gateway {

using streamhost::JsonObject;

namespace {

JsonObject frame(std::string_view type) {
    JsonObject object;
    object.text("type", type);
    return object;
}

std::string check_text(std::uint64_t check) {
    const auto digits = streamhost::hex16(check);
    return {digits.data(), digits.size()};
}

std::string limits_object(const Limits& limits) {
    return JsonObject()
        .number("message_bytes", limits.message_bytes)
        .number("streams", limits.streams)
        .number("entries", limits.entries)
        .number("entry_bytes", limits.entry_bytes)
        .number("sends_per_minute", 0)  // they are not counted here, and 0 says so
        .done();
}

std::string server_object(std::string_view server) {
    const std::size_t slash = server.find('/');
    const std::string_view version = slash == std::string_view::npos ? "" : server.substr(slash + 1);
    return JsonObject().text("name", server.substr(0, slash)).text("version", version).done();
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
    JsonObject object = frame("welcome");
    object.json_if("id", id)
        .text("session", welcome.session)
        .text("user", welcome.user)
        .text("node", welcome.node)
        .text("affinity", welcome.affinity)
        .number("heartbeat_ms", limits.heartbeat_ms)
        .json("limits", limits_object(limits))
        .json("server", server_object(welcome.server));
    if (welcome.is_degraded) object.boolean("degraded", true);
    return object.done();
}

std::string accepted_frame(std::string_view id, std::string_view session, std::string_view body,
                           bool is_duplicate) {
    JsonObject object = frame("accepted");
    object.json_if("id", id).text("session", session);
    if (is_duplicate) object.boolean("duplicate", true);
    std::string text = object.done();
    if (const std::string_view members = members_of(body); !members.empty())
        text.insert(text.size() - 1, "," + std::string(members));
    return text;
}

std::string appended_frame(std::string_view id, std::string_view stream, std::uint64_t first,
                           std::uint64_t last, std::uint64_t check) {
    return frame("appended")
        .json_if("id", id)
        .text("stream", stream)
        .number("first", first)
        .number("last", last)
        .text("check", check_text(check))
        .done();
}

std::string claimed_frame(std::string_view id, std::string_view stream, std::uint64_t fence,
                          std::uint64_t seq, std::uint64_t check) {
    return frame("claimed")
        .json_if("id", id)
        .text("stream", stream)
        .number("fence", fence)
        .number("seq", seq)
        .text("check", check_text(check))
        .done();
}

std::string history_frame(std::string_view id, std::string_view messages, std::string_view next) {
    JsonObject object = frame("history");
    object.json_if("id", id).json("messages", "[" + std::string(messages) + "]");
    object.text_if("next", next);
    return object.done();
}

std::string ok_frame(std::string_view id) { return frame("ok").json_if("id", id).done(); }

std::string pong_frame(std::string_view id, std::string_view ts) {
    return frame("pong").json_if("id", id).json_if("ts", ts).done();
}

std::string error_frame(std::string_view id, const Error& error, std::string_view stream) {
    JsonObject object = frame("error");
    object.json_if("id", id);
    object.text_if("stream", stream);
    object.text("code", error.code).text("message", error.message).boolean("retryable", error.retryable);
    if (error.retry_after_ms > 0) object.number("retry_after_ms", error.retry_after_ms);
    if (error.expected) object.number("expected", *error.expected);
    return object.done();
}

std::string goaway_frame(std::uint32_t reconnect_after_ms) {
    return frame("goaway").text("reason", "drain").number("reconnect_after_ms", reconnect_after_ms).done();
}

}  // namespace gateway
