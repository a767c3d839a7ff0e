// Input: one byte that chooses limits, one that chooses the cuts, the rest is the head. The verdict must not
// depend on the cuts, and what is accepted must hold what the strict grammar promises to everyone above.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "net/http_head.hpp"
#include "net/http_text.hpp"
#include "net/router.hpp"
#include "net/ws_handshake.hpp"

namespace {

using namespace streamhost::net;

struct Verdict {
    HeadState state = HeadState::kNeedMore;
    HeadFault fault = HeadFault::kNone;
    std::size_t length = 0;
    bool operator==(const Verdict&) const = default;
};

Verdict parse(HttpHeadParser& parser, const char* data, std::size_t size, std::size_t step) {
    Verdict verdict;
    std::size_t shown = 0;
    do {
        shown = std::min(size, shown + step);
        // A block of exact size, so that the address sanitizer sees a reach beyond what has arrived.
        const std::unique_ptr<char[]> moved(new char[shown]);
        std::copy_n(data, shown, moved.get());
        verdict.state = parser.parse({moved.get(), shown});
    } while (shown < size && verdict.state == HeadState::kNeedMore);
    verdict.fault = parser.fault();
    verdict.length = verdict.state == HeadState::kComplete ? parser.length() : 0;
    return verdict;
}

void check_accepted(std::string_view bytes, const HttpHeadParser& parser, const HttpHeadLimits& limits) {
    const HttpHead& head = parser.head();
    const std::string_view whole = bytes.substr(0, parser.length());
    FUZZ_CHECK(whole.size() <= limits.head_bytes && whole.ends_with("\r\n\r\n"));
    FUZZ_CHECK(std::count(whole.begin(), whole.end(), '\r') == std::count(whole.begin(), whole.end(), '\n'));
    FUZZ_CHECK(whole.find('\0') == std::string_view::npos);
    FUZZ_CHECK(is_token(head.method) && head.target.size() <= limits.target_bytes);
    FUZZ_CHECK(head.path.starts_with('/') || (head.path == "*" && head.method == "OPTIONS"));
    FUZZ_CHECK(head.path.find("/../") == std::string_view::npos);
    FUZZ_CHECK(head.field_count() <= limits.fields);
    FUZZ_CHECK(head.count("host") == 1 || (head.minor_version == 0 && head.count("host") == 0));
    FUZZ_CHECK(head.count("content-length") + head.count("transfer-encoding") <= 1);
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const HttpField field = head.field(i);
        FUZZ_CHECK(is_token(field.name) && field.value == trim_blanks(field.value));
        FUZZ_CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    }
}

void use_accepted(const HttpHead& head) {
    static constexpr std::string_view kSupported[] = {"streamhost.v1.json"};
    const WsHandshake handshake = check_ws_handshake(head, kSupported, WsExtensions::kDeflate);
    std::string out;
    if (handshake.refusal == WsRefusal::kNone) {
        FUZZ_CHECK(head.method == "GET" && head.count("sec-websocket-key") == 1);
        append_ws_accept(out, handshake);
    } else {
        append_ws_refusal(out, handshake.refusal);
    }
    FUZZ_CHECK(out.starts_with("HTTP/1.1 "));
    Router router;
    FUZZ_CHECK(router.add({.path = "/", .match = PathMatch::kPrefix}) == RouteAdd::kAdded);
    FUZZ_CHECK(router.find(head.method, head.path).status != 404 || head.path == "*");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const HttpHeadLimits limits{.head_bytes = data[0] < 128 ? std::size_t{16384} : std::size_t{data[0]},
                                .target_bytes = (data[0] & 1) != 0 ? std::size_t{20} : std::size_t{8192},
                                .fields = (data[0] & 2) != 0 ? std::size_t{3} : kMaxHeadFields};
    const std::size_t step = data[1] % 32 + 1U;
    const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

    HttpHeadParser parser(limits);
    const Verdict in_steps = parse(parser, bytes.data(), bytes.size(), step);
    parser.reset();
    const Verdict whole{parser.parse(bytes), parser.fault(), 0};
    FUZZ_CHECK(whole.state == in_steps.state && whole.fault == in_steps.fault);
    if (whole.state != HeadState::kComplete) return 0;
    FUZZ_CHECK(parser.length() == in_steps.length);
    check_accepted(bytes, parser, limits);
    use_accepted(parser.head());
    return 0;
}
