// Input: a client's message. Whatever it is, the answer is a request or a refusal, limits hold, and what is
// passed on to other readers is JSON text again.
#include <cstdint>
#include <string>

#include <simdjson.h>

#include "streamhost/bytes.hpp"
#include "streamhost/ids.hpp"

#include "check.hpp"
#include "request_parser.hpp"

namespace {

using streamhost::view;

bool is_json(std::string_view text) {
    simdjson::dom::parser parser;
    return parser.parse(std::string(text)).error() == simdjson::SUCCESS;
}

void look(const gateway::Limits& /*limits*/, const gateway::Refused& refused) {
    FUZZ_CHECK(refused.code == "bad_request" || refused.code == "too_large" ||
               refused.code == "unknown_type");
    FUZZ_CHECK(!refused.message.empty());
}
void look(const gateway::Limits& limits, const gateway::Hello& hello) {
    FUZZ_CHECK(hello.session.empty() || streamhost::is_session_id(hello.session));
    FUZZ_CHECK(hello.resume.size() <= limits.streams);
    for (const auto& point : hello.resume)
        FUZZ_CHECK(streamhost::is_stream_id(point.stream));
}
void look(const gateway::Limits& /*limits*/, const gateway::Subscribe& subscribe) {
    FUZZ_CHECK(streamhost::is_stream_id(subscribe.stream) && subscribe.from != 0);
}
void look(const gateway::Limits& /*limits*/, const gateway::Send& send) {
    FUZZ_CHECK(is_json(send.content));
    FUZZ_CHECK(send.options.empty() || is_json(send.options));
}
void look(const gateway::Limits& limits, const gateway::Append& append) {
    FUZZ_CHECK(streamhost::is_stream_id(append.stream));
    FUZZ_CHECK(!append.items.empty() || !append.end.empty());
    FUZZ_CHECK(append.items.size() <= limits.entries);
    for (const sh_item& item : append.items) {
        const std::string data(view(item.data));
        FUZZ_CHECK(is_json(item.type == SH_RECORD_TEXT ? "\"" + data + "\"" : data));
    }
    FUZZ_CHECK(append.end.empty() || is_json("{" + append.end + "}"));
}
template <typename Other>
void look(const gateway::Limits& /*limits*/, const Other& /*body*/) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static gateway::Limits limits;
    static gateway::RequestParser parser(limits);
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (!simdjson::validate_utf8(text)) return 0;  // the transport closes such a connection
    const gateway::Request request = parser.parse(text);
    FUZZ_CHECK(request.id.empty() || is_json(request.id));
    std::visit([](const auto& body) { look(limits, body); }, request.body);
    return 0;
}
