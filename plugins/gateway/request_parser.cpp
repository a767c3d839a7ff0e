#include "request_parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

#include "streamhost/bytes.hpp"
#include "streamhost/ids.hpp"

#include "position.hpp"
#include "raw_json.hpp"
#include "request_members.hpp"

namespace gateway {

using streamhost::bytes;
using streamhost::kMaxIdBytes;

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxTimestampBytes = 64;
constexpr std::size_t kMaxReasonBytes = 256;
constexpr std::size_t kMaxClientBytes = 64;
constexpr std::size_t kMaxTokenBytes = 16u << 10;

// Beside the element that the parser sees.
std::string_view text_of(RawValues& elements) noexcept {
    const auto element = elements.next();
    return element ? element->value : std::string_view();
}

std::string_view stream_id(const Members& members) {
    const std::string_view id = members.need_text("stream", kMaxIdBytes);
    if (!streamhost::is_stream_id(id))
        bad("`stream` has to be <home> or <home>.<local>, of A-Z a-z 0-9 _ - (and dots after the first)");
    return id;
}

sh_position position(std::string_view text) {
    const auto position = parse_position(text);
    if (!position) bad("`after` has to be \"0\" or <seq>.<check>, as frames and earlier positions gave it");
    return *position;
}

std::string client_name(const Members& members) {
    const Member* client = members.find("client");
    dom::object object;
    if (client == nullptr || client->value.get(object) != simdjson::SUCCESS) return {};
    const Members parts(object, client->raw);
    std::string name(parts.text("name", kMaxClientBytes).value_or(""));
    if (const auto version = parts.text("version", kMaxClientBytes)) name += " " + std::string(*version);
    return name;
}

std::vector<ResumePoint> resume_points(const Members& members, const Limits& limits) {
    const Member* member = members.find("resume");
    if (member == nullptr) return {};
    dom::array array;
    if (member->value.get(array) != simdjson::SUCCESS) bad("`resume` has to be an array");
    if (array.size() > limits.streams)
        too_large("`resume` names at most " + std::to_string(limits.streams) +
                  " streams; subscribe to the others");
    std::vector<ResumePoint> points;
    RawValues raw(member->raw);
    for (const dom::element element : array) {
        dom::object object;
        if (element.get(object) != simdjson::SUCCESS) bad("`resume` holds objects {stream, after}");
        const Members parts(object, text_of(raw));
        const std::string_view stream = stream_id(parts);
        points.push_back({stream, position(parts.need_text("after", kMaxIdBytes))});
    }
    return points;
}

// What is no trace is no reason to refuse a message: a new one begins then.
TraceText trace_text(const Members& members) {
    const auto text = [&](const char* name) {
        const Member* member = members.find(name);
        std::string_view value;
        return member != nullptr && member->value.get(value) == simdjson::SUCCESS ? value
                                                                                  : std::string_view();
    };
    return {text("traceparent"), text("tracestate")};
}

Hello hello(const Members& members, const Limits& limits) {
    Hello hello;
    hello.session = members.text("session", kMaxIdBytes).value_or("");
    if (!hello.session.empty() && !streamhost::is_session_id(hello.session))
        bad("`session` has to be 1 to 64 of A-Z a-z 0-9 _ -");
    hello.token = members.text("token", kMaxTokenBytes).value_or("");
    hello.client = client_name(members);
    if (const Member* follow = members.find("follow")) {
        if (follow->value.get(hello.follow) != simdjson::SUCCESS) bad("`follow` has to be true or false");
    }
    hello.resume = resume_points(members, limits);
    hello.trace = trace_text(members);
    return hello;
}

Subscribe subscribe(const Members& members) {
    Subscribe subscribe;
    subscribe.stream = stream_id(members);
    const auto after = members.text("after", kMaxIdBytes);
    const auto from = members.text("from", kMaxIdBytes);
    if (after && from) bad("give `after` or `from`, not both");
    if (after) {
        subscribe.from = SH_FROM_POSITION;
        subscribe.after = position(*after);
    } else if (from) {
        static constexpr std::array<std::pair<std::string_view, std::uint32_t>, 3> kFrom = {
            {{"snapshot", SH_FROM_SNAPSHOT}, {"start", SH_FROM_START}, {"tail", SH_FROM_TAIL}}};
        subscribe.from = 0;
        for (const auto& [name, value] : kFrom) {
            if (*from == name) subscribe.from = value;
        }
        if (subscribe.from == 0) bad("`from` has to be \"start\", \"tail\" or \"snapshot\"");
    }
    return subscribe;
}

Send send(const Members& members) {
    const Member* content = members.find("content");
    // null is a value of `data`; beside a `content` it is a field that its sender left empty.
    const Member* data = content == nullptr ? members.find_any("data") : members.find("data");
    if ((content == nullptr) == (data == nullptr)) bad("give `content` (text) or `data` (any JSON)");
    if (content != nullptr && !content->value.is_string())
        bad("`content` has to be a string; JSON goes into `data`");
    Send send;
    send.content = content != nullptr ? content->raw : data->raw;
    send.key = members.text("key", kMaxIdBytes).value_or("");
    send.options = members.object("options");
    send.trace = trace_text(members);
    return send;
}

Cancel cancel(const Members& members) {
    Cancel cancel;
    cancel.run = members.need_text("run", kMaxIdBytes);
    cancel.reason = members.text("reason", kMaxReasonBytes).value_or("");
    if (!streamhost::is_run_id(cancel.run)) bad("`run` has to be the id of a run, <session>.<local>");
    return cancel;
}

History history(const Members& members) {
    History history;
    history.before = members.text("before", kMaxIdBytes).value_or("");
    history.limit = static_cast<std::uint32_t>(members.number("limit", 1, 200).value_or(history.limit));
    return history;
}

sh_item entry(dom::element element, std::string_view raw, const Limits& limits) {
    if (raw.size() > limits.entry_bytes)
        too_large("an entry has at most " + std::to_string(limits.entry_bytes) + " bytes");
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) bad("`entries` holds objects");
    const Members members(object, raw);
    const std::string_view kind = members.need_text("kind", kMaxIdBytes);
    if (kind == "part") return {SH_RECORD_PART, 0, bytes(raw)};
    if (kind != "text") bad("`kind` of an entry has to be \"text\" or \"part\"");
    const Member& delta = members.need("delta");
    if (!delta.value.is_string()) bad("`delta` has to be a string");
    return {SH_RECORD_TEXT, 0, bytes(without_quotes(delta.raw))};
}

std::vector<sh_item> entries(const Members& members, const Limits& limits) {
    const Member* member = members.find("entries");
    if (member == nullptr) return {};
    dom::array array;
    if (member->value.get(array) != simdjson::SUCCESS) bad("`entries` has to be an array");
    if (array.size() > limits.entries)
        too_large("an append has at most " + std::to_string(limits.entries) + " entries");
    std::vector<sh_item> items;
    items.reserve(array.size());
    RawValues raw(member->raw);
    for (const dom::element element : array)
        items.push_back(entry(element, text_of(raw), limits));
    return items;
}

std::string end_error(const Members& end) {
    const std::string_view raw = end.object("error");
    if (raw.empty()) return {};
    const Members error(end.need("error").value.get_object().value(), raw);
    static_cast<void>(error.need_text("code", kMaxIdBytes));
    static_cast<void>(error.need_text("message", 4096));
    return R"(,"error":{"code":)" + std::string(error.need("code").raw) + R"(,"message":)" +
           std::string(error.need("message").raw) + "}";
}

std::string end_data(const Members& members, const Limits& limits) {
    const std::string_view raw = members.object("end");
    if (raw.empty()) return {};
    if (raw.size() > limits.entry_bytes) too_large("`end` is larger than an entry may be");
    const Members end(members.need("end").value.get_object().value(), raw);
    const std::string outcome(end.need_text("outcome", kMaxIdBytes));
    if (outcome != "complete" && outcome != "cancelled" && outcome != "error" && outcome != "lost")
        bad("`outcome` has to be \"complete\", \"cancelled\", \"error\" or \"lost\"");
    std::string data = R"("outcome":")" + outcome + "\"" + end_error(end);
    if (const std::string_view usage = end.object("usage"); !usage.empty())
        data += R"(,"usage":)" + std::string(usage);
    return data;
}

Append append(const Members& members, const Limits& limits) {
    Append append;
    append.stream = stream_id(members);
    append.is_owned = members.find("fence") != nullptr || members.find("seq") != nullptr;
    append.items = entries(members, limits);
    append.end = end_data(members, limits);
    append.key = members.text("key", kMaxIdBytes).value_or("");
    if (append.is_owned) {
        append.fence = members.need_number("fence", 1, kMaxSeq);
        // The last one needs a number, too.
        const std::size_t others = append.items.size() + (append.end.empty() ? 0 : 1);
        append.seq = members.need_number("seq", 1, kMaxSeq - (others > 0 ? others - 1 : 0));
        if (!append.key.empty())
            bad("`key` is for shared streams; `fence` and `seq` make this append repeatable");
    } else if (!append.end.empty()) {
        bad("`end` needs `fence` and `seq`: only a stream that was claimed has an end");
    }
    if (append.items.empty() && append.end.empty()) bad("`entries` is empty and there is no `end`");
    return append;
}

Claim claim(const Members& members) {
    const std::string_view stream = stream_id(members);
    return {stream, static_cast<std::uint32_t>(members.need_number("lease_ms", 1'000, 600'000))};
}

Ping ping(const Members& members) {
    const Member* ts = members.find("ts");
    if (ts == nullptr) return {};
    if (ts->value.is_object() || ts->value.is_array() || ts->raw.size() > kMaxTimestampBytes)
        bad("`ts` has to be a number or a short string");
    return {ts->raw};
}

std::string_view request_id(const Members& members) {
    const Member* id = members.find("id");
    if (id == nullptr) return {};
    if (id->value.is_int64() || id->value.is_uint64()) return id->raw;
    static_cast<void>(members.text("id", kMaxIdBytes));
    return id->raw;
}

void fill(Request& request, std::string_view type, const Members& members, const Limits& limits) {
    if (type == "ping") {
        request.body = ping(members);
        return;
    }
    using Make = void (*)(Request&, const Members&, const Limits&);
    static constexpr std::array<std::pair<std::string_view, Make>, 10> kTypes = {{
        {"append",
         [](Request& to, const Members& from, const Limits& most) { to.body = append(from, most); }},
        {"send", [](Request& to, const Members& from, const Limits&) { to.body = send(from); }},
        {"subscribe", [](Request& to, const Members& from, const Limits&) { to.body = subscribe(from); }},
        {"unsubscribe",
         [](Request& to, const Members& from, const Limits&) { to.body = Unsubscribe{stream_id(from)}; }},
        {"hello", [](Request& to, const Members& from, const Limits& most) { to.body = hello(from, most); }},
        {"cancel", [](Request& to, const Members& from, const Limits&) { to.body = cancel(from); }},
        {"history", [](Request& to, const Members& from, const Limits&) { to.body = history(from); }},
        {"refresh", [](Request& to, const Members& from,
                       const Limits&) { to.body = Refresh{from.need_text("token", kMaxTokenBytes)}; }},
        {"claim", [](Request& to, const Members& from, const Limits&) { to.body = claim(from); }},
        {"renew",
         [](Request& to, const Members& from, const Limits&) {
             const std::string_view stream = stream_id(from);
             to.body = Renew{stream, from.need_number("fence", 1, kMaxSeq)};
         }},
    }};
    for (const auto& [name, make] : kTypes) {
        if (name != type) continue;
        if (request.id.empty()) bad("`id` is missing: a string or an integer that the answer will repeat");
        return make(request, members, limits);
    }
    throw Fault{"unknown_type", "this version has no message of type \"" + std::string(type) + "\""};
}

std::string why(simdjson::error_code error) {
    if (error == simdjson::DEPTH_ERROR) return "nested deeper than " + std::to_string(kMaxDepth) + " levels";
    if (error == simdjson::STRING_ERROR) return "a string is malformed, or holds half of a surrogate pair";
    if (error == simdjson::NUMBER_ERROR) return "a number is malformed or out of range";
    return "not JSON";
}

}  // namespace

struct RequestParser::Memory {
    dom::parser parser;
};

RequestParser::RequestParser(const Limits& limits) : memory_(std::make_unique<Memory>()), limits_(limits) {}
RequestParser::~RequestParser() = default;

Request RequestParser::parse(std::string_view text) {
    Request request;
    try {
        dom::parser& parser = memory_->parser;
        // The depth is told with the memory; the parser would fall back to its own if it grew by itself.
        if (parser.capacity() < std::max<std::size_t>(text.size(), 1) &&
            parser.allocate(std::max<std::size_t>(text.size(), 4096), kMaxDepth) != simdjson::SUCCESS)
            throw Fault{"unavailable", "out of memory"};
        dom::element root;
        dom::object object;
        if (const auto error = parser.parse(text.data(), text.size()).get(root); error != simdjson::SUCCESS)
            bad(why(error));
        if (root.get(object) != simdjson::SUCCESS) bad("a message is one JSON object");
        const Members members(object, text);
        request.id = request_id(members);
        fill(request, members.need_text("type", kMaxIdBytes), members, limits_);
    } catch (Fault& fault) {
        if (request.id.empty()) request.id = plain_member(text, "id", kMaxIdBytes + 2);
        request.body = Refused{fault.code, std::move(fault.message)};
    }
    return request;
}

}  // namespace gateway
