// Input: one byte that chooses the kind, the rest is what a client put into the field before a proxy added
// what it saw. Whatever that is: behind a trusted proxy the client is whom the proxy names.
#include <algorithm>
#include <cstdint>
#include <string>

#include "check.hpp"
#include "net/forwarded.hpp"

namespace {

using namespace streamhost::net;

constexpr std::string_view kClient = "203.0.113.9";

struct Asked {
    HttpHeadParser parser;
    std::string text;
    explicit Asked(const std::string& fields) : text("GET / HTTP/1.1\r\nHost: inner\r\n" + fields + "\r\n") {}
    bool is_complete() { return parser.parse(text) == HeadState::kComplete; }
};

const AddressList& proxies() {
    static const AddressList list = [] {
        AddressList made;
        FUZZ_CHECK(made.add("10.0.0.0/8").empty() && made.add("unix").empty());
        return made;
    }();
    return list;
}

Forwarded read(Asked& asked, ForwardedHeaders kind) {
    const PeerAddress peer{IpAddress::parse("10.0.0.1"), 1};
    Forwarded out = read_forwarded(asked.parser.head(), kind, proxies(), peer);
    FUZZ_CHECK(out.scheme.empty() || out.scheme == "http" || out.scheme == "https");
    FUZZ_CHECK(out.host.empty() || is_host(out.host));
    FUZZ_CHECK(out.was_said || out.client == peer);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const bool is_rfc = (data[0] & 1) != 0;
    const ForwardedHeaders kind = is_rfc ? ForwardedHeaders::kForwarded : ForwardedHeaders::kXForwarded;
    const std::string name = is_rfc ? "Forwarded: " : "X-Forwarded-For: ";
    const std::string claimed(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (Asked alone(name + claimed + "\r\n"); alone.is_complete()) (void)read(alone, kind);
    if (claimed.find('\n') != std::string::npos) return 0;  // what follows is another field's
    const std::string added = (is_rfc ? "for=" : "") + std::string(kClient);
    for (const std::string& before : {claimed + ", ", claimed + "\r\n" + name}) {
        Asked asked(name + before + added + "\r\n");
        if (!asked.is_complete()) continue;
        const Forwarded out = read(asked, kind);
        FUZZ_CHECK(out.client.ip == IpAddress::parse(kClient));
    }
    return 0;
}
