// Input: a line each for method, path, query, Last-Event-ID, traceparent and tracestate; the rest is the
// body. Whatever they are: what is refused says why, what is not is a message about what the path names, of a
// kind that a call may be, and a trace decides nothing.
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <simdjson.h>

#include "call_text.hpp"
#include "check.hpp"
#include "request_parser.hpp"

namespace {

using namespace gateway;

std::string_view next_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? text.size() : line.size() + 1);
    return line;
}

CallRequest request_of(std::string_view text) {
    CallRequest request;
    for (std::string_view* part : {&request.method, &request.path, &request.query, &request.last_event_id,
                                   &request.trace_parent, &request.trace_state})
        *part = next_line(text);
    request.body = text;
    return request;
}

std::string_view id_of(std::string_view path) {
    const std::string_view rest = path.substr(path.find('/', 4) + 1);
    return rest.substr(0, rest.find('/'));
}

// What a message of another kind would do has no place in a call.
template <typename Body>
std::string_view named(const Body& body) {
    constexpr bool is_of_session = std::is_same_v<Body, Send> || std::is_same_v<Body, History>;
    constexpr bool is_of_stream = std::is_same_v<Body, Subscribe> || std::is_same_v<Body, Append> ||
                                  std::is_same_v<Body, Claim> || std::is_same_v<Body, Renew>;
    if constexpr (std::is_same_v<Body, Cancel>) return body.run;
    if constexpr (is_of_stream) return body.stream;
    FUZZ_CHECK(is_of_session || (std::is_same_v<Body, Refused>));
    return {};
}

void look(const CallRequest& asked, const CallText& call, const Request& request) {
    const std::string_view id = id_of(asked.path);
    FUZZ_CHECK(call.session.empty() || call.session == id);
    const auto name = std::visit([](const auto& body) { return named(body); }, request.body);
    FUZZ_CHECK(name.empty() || name == id);
    const bool is_of_session =
        std::holds_alternative<Send>(request.body) || std::holds_alternative<History>(request.body);
    FUZZ_CHECK(is_of_session <= !call.session.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static RequestParser parser{Limits()};
    CallRequest asked = request_of({reinterpret_cast<const char*>(data), size});
    for (const bool wants_stream : {false, true}) {
        asked.wants_stream = wants_stream;
        const CallText call = read_call(asked);
        FUZZ_CHECK(call.status == 0 || call.status == 400 || call.status == 404 || call.status == 405);
        FUZZ_CHECK((call.status == 0) == call.detail.empty());
        FUZZ_CHECK((call.status == 405) == !call.allow.empty());
        if (call.status != 0) continue;
        FUZZ_CHECK(!call.is_read || (call.limit >= 1 && call.limit <= kMostRead && !wants_stream));
        const Request request = parser.parse(call.message);
        look(asked, call, request);
        const std::size_t kind = request.body.index();
        FUZZ_CHECK(simdjson::validate_utf8(call.message) || std::holds_alternative<Refused>(request.body));
        CallRequest bare = asked;
        bare.trace_parent = bare.trace_state = {};
        const CallText plain = read_call(bare);
        FUZZ_CHECK(parser.parse(plain.message).body.index() == kind);
    }
    return 0;
}
