#include "call_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "streamhost/ids.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/percent.hpp"
#include "streamhost/whole_number.hpp"

namespace gateway {

using streamhost::JsonObject;

namespace {

constexpr std::string_view kBase = "/v1/";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kNoSession = "a session is 1 to 64 of A-Z a-z 0-9 _ -";

// "/v1/streams/x/claim": kind "streams", id "x", verb "claim".
struct Place {
    std::string_view kind;
    std::string_view id;
    std::string_view verb;
};

std::string_view next_segment(std::string_view& path) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size() == path.size() ? path.size() : segment.size() + 1);
    return segment;
}

std::optional<Place> place_of(std::string_view path) {
    if (!path.starts_with(kBase) || path.ends_with('/')) return std::nullopt;
    path.remove_prefix(kBase.size());
    Place place;
    place.kind = next_segment(path);
    place.id = next_segment(path);
    place.verb = path;
    return place;
}

// The first of that name; empty, too, where its escapes are none. What is not known is passed over, as in
// messages.
std::string parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(part.size() == query.size() ? part.size() : part.size() + 1);
        if (!part.starts_with(name) || part.substr(name.size(), 1) != "=") continue;
        using streamhost::Plus;
        return streamhost::percent_decoded(part.substr(name.size() + 1), Plus::kIsASpace).value_or("");
    }
    return {};
}

JsonObject message_of(std::string_view type) {
    JsonObject message;
    message.text("type", type).number("id", 0);
    return message;
}

// Members of the body behind those that the path says: of two with one name the first counts. A body that is
// no object stays what it is, for the parser to say so.
std::string with_body(JsonObject head, std::string_view body) {
    const std::size_t first = body.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return head.done();
    if (body[first] != '{') return std::string(body);
    const std::string_view members = body.substr(first + 1);
    const std::size_t next = members.find_first_not_of(kBlanks);
    std::string text = head.done();
    text.pop_back();
    if (next == std::string_view::npos || members[next] != '}') text += ',';
    return text.append(members);
}

CallText refusal(std::uint32_t status, std::string_view detail, std::string_view allow = "") {
    CallText call;
    call.status = status;
    call.detail = detail;
    call.allow = allow;
    return call;
}
CallText wrong_method(std::string_view allow) {
    return refusal(405, "This path does not take this method", allow);
}

// A trace is ASCII. Bytes that are no text would make the whole message none, and no trace is a reason to
// refuse one.
std::string_view ascii_or_nothing(std::string_view field) {
    const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
    return std::all_of(field.begin(), field.end(), is_ascii) ? field : std::string_view();
}

JsonObject traced(JsonObject message, const CallRequest& request) {
    message.text_if("traceparent", ascii_or_nothing(request.trace_parent));
    return message.text_if("tracestate", ascii_or_nothing(request.trace_state));
}

// A number as it stands, else as a text: what is wrong with it says the parser.
void add_number(JsonObject& message, std::string_view name, const std::string& value) {
    if (const auto number = streamhost::whole_number<std::uint64_t>(value))
        message.number(name, *number);
    else
        message.text_if(name, value);
}

CallText messages_call(const CallRequest& request, std::string_view session) {
    if (!streamhost::is_session_id(session)) return refusal(400, kNoSession);
    CallText call;
    call.session = session;
    if (request.method == "POST") {
        call.message = with_body(traced(message_of("send"), request), request.body);
        return call;
    }
    if (request.method != "GET" && request.method != "HEAD") return wrong_method("GET, HEAD, POST");
    JsonObject message = message_of("history");
    message.text_if("before", parameter(request.query, "before"));
    add_number(message, "limit", parameter(request.query, "limit"));
    call.message = message.done();
    return call;
}

// Who may read its history may see how far it is.
CallText session_call(const CallRequest& request, std::string_view session) {
    if (request.method != "GET" && request.method != "HEAD") return wrong_method("GET, HEAD");
    if (!streamhost::is_session_id(session)) return refusal(400, kNoSession);
    CallText call;
    call.session = session;
    call.is_summary = true;
    call.message = message_of("history").done();
    return call;
}

CallText run_call(const CallRequest& request, std::string_view run) {
    if (request.method != "POST") return wrong_method("POST");
    CallText call;
    JsonObject message = message_of("cancel");
    call.message = with_body(std::move(message.text("run", run)), request.body);
    return call;
}

// What an event source says when it comes back is newer than the address that it was made with.
std::string after_of(const CallRequest& request) {
    if (!request.last_event_id.empty()) return std::string(request.last_event_id);
    return parameter(request.query, "after");
}

CallText read_stream(const CallRequest& request, std::string_view stream) {
    CallText call;
    const std::string after = after_of(request);
    const std::string from = parameter(request.query, "from");
    JsonObject message = message_of("subscribe");
    message.text("stream", stream).text_if("after", after);
    if (after.empty()) message.text_if("from", from);
    call.message = message.done();
    call.is_read = !request.wants_stream;
    call.may_wait = from == "tail";
    const std::string limit = parameter(request.query, "limit");
    call.limit = limit.empty() ? kMostRead : streamhost::whole_number<std::uint32_t>(limit).value_or(0);
    if (call.limit == 0 || call.limit > kMostRead)
        return refusal(400, "`limit` has to be an integer from 1 to " + std::to_string(kMostRead));
    return call;
}

CallText stream_call(const CallRequest& request, const Place& place) {
    const bool is_post = request.method == "POST";
    if (place.verb.empty() && !is_post) {
        const bool is_get = request.method == "GET" || request.method == "HEAD";
        return is_get ? read_stream(request, place.id) : wrong_method("GET, HEAD, POST");
    }
    if (!is_post) return wrong_method("POST");
    CallText call;
    JsonObject message = message_of(place.verb.empty() ? "append" : place.verb);
    call.message = with_body(std::move(message.text("stream", place.id)), request.body);
    return call;
}

}  // namespace

CallText read_call(const CallRequest& request) {
    const auto place = place_of(request.path);
    if (place && place->kind == "sessions" && place->verb == "messages")
        return messages_call(request, place->id);
    if (place && place->kind == "sessions" && !place->id.empty() && place->verb.empty())
        return session_call(request, place->id);
    if (place && place->kind == "runs" && place->verb == "cancel") return run_call(request, place->id);
    const bool is_stream = place && place->kind == "streams" &&
                           (place->verb.empty() || place->verb == "claim" || place->verb == "renew");
    if (is_stream) return stream_call(request, *place);
    return refusal(404, "Nothing answers at this path");
}

}  // namespace gateway
