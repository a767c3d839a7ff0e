#include "net/forwarded.hpp"

#include <algorithm>
#include <optional>

#include "streamhost/whole_number.hpp"

#include "net/http_text.hpp"

namespace streamhost::net {

namespace {

constexpr std::string_view kFor = "X-Forwarded-For";
constexpr std::string_view kProto = "X-Forwarded-Proto";
constexpr std::string_view kHost = "X-Forwarded-Host";
constexpr std::string_view kForwardedName = "Forwarded";

/// The elements of a list from its end, over all fields of that name; empty ones are none (RFC 9110, 5.6.1).
class FromTheRight {
public:
    FromTheRight(const HttpHead& head, std::string_view name) noexcept
        : head_(head), name_(name), field_(head.field_count()) {}

    std::optional<std::string_view> next() noexcept {
        for (;;) {
            while (rest_.empty()) {
                if (field_ == 0) return {};
                const HttpField field = head_.field(--field_);
                if (equal_ignoring_case(field.name, name_)) rest_ = field.value;
            }
            const std::string_view element = cut();
            if (!element.empty()) return element;
        }
    }

private:
    // Up to the last comma that stands in no quotes. A quote that somebody left open further left takes
    // nothing along of what stands right of it.
    std::string_view cut() noexcept {
        bool is_quoted = false;
        std::size_t at = rest_.size();
        while (at > 0 && (is_quoted || rest_[at - 1] != ','))
            if (rest_[--at] == '"') is_quoted = !is_quoted;
        const std::string_view element = trim_blanks(rest_.substr(at));
        rest_ = rest_.substr(0, at > 0 ? at - 1 : 0);
        return element;
    }

    const HttpHead& head_;
    std::string_view name_;
    std::size_t field_;
    std::string_view rest_;
};

std::size_t count_of(const HttpHead& head, std::string_view name) noexcept {
    FromTheRight list(head, name);
    std::size_t count = 0;
    while (list.next())
        ++count;
    return count;
}

// The element with that number, counted from the right.
std::optional<std::string_view> element_of(const HttpHead& head, std::string_view name, std::size_t index) {
    FromTheRight list(head, name);
    auto element = list.next();
    for (; element && index > 0; --index)
        element = list.next();
    return element;
}

// "192.0.2.1", "192.0.2.1:40000", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:40000"
std::optional<PeerAddress> node_of(std::string_view text) noexcept {
    std::string_view port;
    const bool is_bracketed = text.starts_with('[');
    const std::size_t end = is_bracketed ? text.find(']') : text.find(':');
    if (is_bracketed && end == std::string_view::npos) return {};
    if (is_bracketed) {
        port = text.substr(end + 1);
        text = text.substr(1, end - 1);
    } else if (end != std::string_view::npos && text.find(':', end + 1) == std::string_view::npos) {
        port = text.substr(end);
        text = text.substr(0, end);
    }
    const auto ip = IpAddress::parse(text);
    if (!ip || (is_bracketed && text.find(':') == std::string_view::npos)) return {};
    if (port.empty()) return PeerAddress{ip, 0};
    const auto number = port.front() == ':' ? whole_number<std::uint16_t>(port.substr(1)) : std::nullopt;
    return number ? std::optional(PeerAddress{ip, *number}) : std::nullopt;
}

// RFC 7239, 6.2 and 6.3: names that tell no address. nginx says "unix:" for a client on a Unix socket.
bool is_nameless(std::string_view node) noexcept {
    return equal_ignoring_case(node, "unknown") || node.starts_with('_') || node == "unix:";
}

// Some proxies name the scheme of the WebSocket.
std::string_view scheme_of(std::string_view text) noexcept {
    if (equal_ignoring_case(text, "https") || equal_ignoring_case(text, "wss")) return "https";
    return equal_ignoring_case(text, "http") || equal_ignoring_case(text, "ws") ? "http" : "";
}

/// Goes from one address to the one that it speaks for. false: no further.
class Walk {
public:
    Walk(const AddressList& trusted, const PeerAddress& peer, Forwarded& out) noexcept
        : trusted_(trusted), out_(out) {
        out_.client = peer;
    }
    [[nodiscard]] bool goes_on() const noexcept { return !is_over_ && trusted_.contains(out_.client); }
    [[nodiscard]] bool take(std::string_view node) noexcept {
        const auto client = node_of(node);
        is_over_ = !client;
        if (client) out_.client = *client;
        out_.is_malformed = out_.is_malformed || (!client && !is_nameless(node));
        return client.has_value();
    }

private:
    const AddressList& trusted_;
    Forwarded& out_;
    bool is_over_ = false;
};

// ------------------------------------------------------------------------------------------------
// X-Forwarded-*

// The one that came with the client's address; of proxies that say only what they saw last, the only one.
std::string_view beside(const HttpHead& head, std::string_view name, std::size_t addresses, std::size_t index,
                        Forwarded& out) {
    const std::size_t count = count_of(head, name);
    if (count == 0) return {};
    out.was_said = true;
    if (count != 1 && count != addresses) {
        out.is_malformed = true;
        return {};
    }
    return *element_of(head, name, count == 1 ? 0 : index);
}

Forwarded read_x_forwarded(const HttpHead& head, const AddressList& trusted, const PeerAddress& peer) {
    Forwarded out;
    Walk walk(trusted, peer, out);
    FromTheRight list(head, kFor);
    std::size_t taken = 0;
    while (walk.goes_on()) {
        const auto node = list.next();
        if (!node) break;
        out.was_said = true;
        if (walk.take(*node)) ++taken;
    }
    const std::size_t addresses = count_of(head, kFor);
    const std::size_t index = taken > 0 ? taken - 1 : 0;
    const std::string_view scheme = beside(head, kProto, addresses, index, out);
    out.scheme = scheme_of(scheme);
    const std::string_view host = beside(head, kHost, addresses, index, out);
    if (is_host(host)) out.host = host;
    out.is_malformed =
        out.is_malformed || out.scheme.empty() != scheme.empty() || out.host.empty() != host.empty();
    return out;
}

// ----------------------------------------------------------------------------------------------------
// Forwarded

struct Element {
    std::optional<std::string_view> node;
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> host;
};

// A token, or what stands in quotes. Nothing that matters here needs an escape.
std::optional<std::string_view> value_of(std::string_view text) noexcept {
    if (is_token(text)) return text;
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return {};
    const std::string_view inner = text.substr(1, text.size() - 2);
    return inner.find_first_of("\"\\") == std::string_view::npos ? std::optional(inner) : std::nullopt;
}

// Once each.
bool set(std::optional<std::string_view>& where, std::string_view value) noexcept {
    const bool is_first = !where;
    where = value;
    return is_first;
}

bool take_pair(std::string_view pair, Element& out) noexcept {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !is_token(pair.substr(0, equals))) return false;
    const auto value = value_of(pair.substr(equals + 1));
    if (!value) return false;
    const std::string_view name = pair.substr(0, equals);
    if (equal_ignoring_case(name, "for")) return set(out.node, *value);
    if (equal_ignoring_case(name, "proto")) return set(out.scheme, *value) && !scheme_of(*value).empty();
    if (equal_ignoring_case(name, "host")) return set(out.host, *value) && is_host(*value);
    return true;
}

// for="[2001:db8::1]:40000";proto=https;host=chat.example
std::optional<Element> read_element(std::string_view text) noexcept {
    Element out;
    while (!text.empty()) {
        bool is_quoted = false;
        std::size_t end = 0;
        for (; end < text.size() && (is_quoted || text[end] != ';'); ++end)
            if (text[end] == '"') is_quoted = !is_quoted;
        const std::string_view pair = trim_blanks(text.substr(0, end));
        if (!pair.empty() && !take_pair(pair, out)) return {};
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

Forwarded read_rfc_7239(const HttpHead& head, const AddressList& trusted, const PeerAddress& peer) noexcept {
    Forwarded out;
    Walk walk(trusted, peer, out);
    FromTheRight list(head, kForwardedName);
    while (walk.goes_on()) {
        const auto text = list.next();
        if (!text) break;
        out.was_said = true;
        const auto element = read_element(*text);
        out.is_malformed = out.is_malformed || !element;
        if (!element) break;
        out.scheme = element->scheme ? scheme_of(*element->scheme) : std::string_view();
        out.host = element->host.value_or(std::string_view());
        if (!element->node || !walk.take(*element->node)) break;
    }
    return out;
}

}  // namespace

Forwarded read_forwarded(const HttpHead& head, ForwardedHeaders kind, const AddressList& trusted,
                         const PeerAddress& peer) noexcept {
    if (kind == ForwardedHeaders::kXForwarded) return read_x_forwarded(head, trusted, peer);
    if (kind == ForwardedHeaders::kForwarded) return read_rfc_7239(head, trusted, peer);
    return {peer, {}, {}, false, false};
}

bool claims_forwarded(const HttpHead& head, ForwardedHeaders kind) noexcept {
    if (kind == ForwardedHeaders::kForwarded) return head.find(kForwardedName).has_value();
    return kind == ForwardedHeaders::kXForwarded &&
           (head.find(kFor) || head.find(kProto) || head.find(kHost));
}

}  // namespace streamhost::net
