#include "net/ws_handshake.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include "net/http_reply.hpp"
#include "net/http_text.hpp"
#include "tls/sha1.hpp"

namespace streamhost::net {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeySize = 24;

// Sixteen bytes in base64. The last character before the padding carries four unused bits, which the RFC's
// own example in 4.1
// ("...DxC==" for bytes that end in 0x10) leaves set; so they are not looked at.
bool is_key(std::string_view key) noexcept {
    const auto is_base64 = [](char c) {
        return c == '+' || c == '/' ||
               (is_char(c, kHostChar) && std::string_view("-._~").find(c) == std::string_view::npos);
    };
    return key.size() == kKeySize && key.ends_with("==") &&
           std::all_of(key.begin(), key.end() - 2, is_base64);
}

WsRefusal check_request(const HttpHead& head) noexcept {
    if (head.method != "GET") return WsRefusal::kMethod;
    if (head.minor_version != 1) return WsRefusal::kHttpVersion;
    if (!head.has_token("upgrade", "websocket")) return WsRefusal::kUpgrade;
    if (!head.has_token("connection", "upgrade")) return WsRefusal::kConnection;
    if (head.count("sec-websocket-version") != 1 || head.find("sec-websocket-version") != "13")
        return WsRefusal::kVersion;
    if (head.framing == BodyFraming::kChunked || head.content_length != 0) return WsRefusal::kBody;
    if (head.count("sec-websocket-key") != 1 || !is_key(*head.find("sec-websocket-key")))
        return WsRefusal::kKey;
    return head.count("origin") > 1 ? WsRefusal::kOrigin : WsRefusal::kNone;
}

// False if an offer is not a list of tokens. Empty elements are allowed by RFC 9110 5.6.1.2.
bool choose_subprotocol(std::string_view offers, std::span<const std::string_view> supported,
                        std::string_view& chosen) {
    while (!offers.empty()) {
        const std::string_view offer = next_element(offers);
        if (offer.empty()) continue;
        if (!is_token(offer)) return false;
        const auto known = std::find(supported.begin(), supported.end(), offer);
        if (chosen.empty() && known != supported.end()) chosen = *known;
    }
    return true;
}

}  // namespace

WsHandshake check_ws_handshake(const HttpHead& head, std::span<const std::string_view> supported,
                               WsExtensions extensions) {
    WsHandshake result;
    result.refusal = check_request(head);
    for (std::size_t i = 0; i < head.field_count() && result.refusal == WsRefusal::kNone; ++i) {
        const HttpField field = head.field(i);
        if (equal_ignoring_case(field.name, "sec-websocket-protocol")) {
            if (!choose_subprotocol(field.value, supported, result.subprotocol))
                result.refusal = WsRefusal::kSubprotocol;
        } else if (extensions == WsExtensions::kDeflate &&
                   equal_ignoring_case(field.name, "sec-websocket-extensions")) {
            if (!choose_deflate(field.value, result.deflate)) result.refusal = WsRefusal::kExtensions;
        }
    }
    if (result.refusal == WsRefusal::kNone) result.accept = ws_accept_key(*head.find("sec-websocket-key"));
    return result;
}

WsAcceptKey ws_accept_key(std::string_view key) {
    const auto digest = tls::sha1(key, kGuid);
    std::array<unsigned char, 29> base64;  // EVP_EncodeBlock ends with a NUL
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    WsAcceptKey accept;
    std::copy_n(base64.begin(), accept.size(), accept.begin());
    return accept;
}

void append_ws_accept(std::string& out, const WsHandshake& handshake) {
    out.append(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Accept: ");
    out.append(handshake.accept.data(), handshake.accept.size()).append("\r\n");
    if (!handshake.subprotocol.empty())
        out.append("Sec-WebSocket-Protocol: ").append(handshake.subprotocol).append("\r\n");
    append_deflate(out, handshake.deflate);
    out.append("\r\n");
}

void append_ws_refusal(std::string& out, WsRefusal refusal) {
    static constexpr HttpField kAllow[] = {{"Allow", "GET"}};
    static constexpr HttpField kUpgrade[] = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
    HttpProblem problem{.status = status_of(refusal), .detail = describe(refusal)};
    if (problem.status == 405) problem.fields = kAllow;
    if (problem.status == 426) problem.fields = kUpgrade;
    append_problem(out, problem);
}

std::uint16_t status_of(WsRefusal refusal) noexcept {
    switch (refusal) {
    case WsRefusal::kMethod: return 405;
    case WsRefusal::kHttpVersion:
    case WsRefusal::kUpgrade:
    case WsRefusal::kVersion: return 426;
    default: return 400;
    }
}

std::string_view describe(WsRefusal refusal) noexcept {
    switch (refusal) {
    case WsRefusal::kNone: return "not refused";
    case WsRefusal::kMethod: return "a WebSocket opens with GET";
    case WsRefusal::kHttpVersion: return "a WebSocket opens with HTTP/1.1";
    case WsRefusal::kUpgrade: return "this path speaks WebSocket: Upgrade must name it";
    case WsRefusal::kVersion: return "Sec-WebSocket-Version must be 13";
    case WsRefusal::kConnection: return "Connection must name Upgrade";
    case WsRefusal::kBody: return "an opening handshake has no body";
    case WsRefusal::kKey: return "Sec-WebSocket-Key must be sixteen bytes in base64";
    case WsRefusal::kOrigin: return "more than one Origin";
    case WsRefusal::kSubprotocol: return "Sec-WebSocket-Protocol is not a list of tokens";
    case WsRefusal::kExtensions: return "Sec-WebSocket-Extensions is not a list of extensions";
    }
    return "unknown refusal";
}

}  // namespace streamhost::net
