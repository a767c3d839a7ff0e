#include "net/http_head.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/http_text.hpp"

namespace streamhost::net {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::string_view kVersion = "HTTP/1.1";
constexpr std::size_t kBesideTarget = kMaxMethodBytes + 2 + kVersion.size();

constexpr bool is_text(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

// True only if all eight are text; a tab makes it false, and the caller then looks at each. The usual
// zero-byte trick on words: a byte below 0x20 borrows into its top bit, and 0x7f becomes zero by the
// exclusive or.
bool eight_text(const char* bytes) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    constexpr std::uint64_t kTops = 0x8080808080808080U;
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    const std::uint64_t del = word ^ (kOnes * 0x7f);
    return ((((word - kOnes * 0x20) & ~word) | ((del - kOnes) & ~del)) & kTops) == 0;
}

// HTTP/1.0 is served because load balancers check health with it; whether it may upgrade is the handshake's
// question.
HeadFault check_version(std::string_view version, int& minor) noexcept {
    if (version == kVersion || version == "HTTP/1.0") {
        minor = version.back() - '0';
        return HeadFault::kNone;
    }
    const bool well_formed = version.size() == kVersion.size() && version.starts_with("HTTP/") &&
                             version[6] == '.' && is_char(version[5], kDigitChar) &&
                             is_char(version[7], kDigitChar);
    return well_formed ? HeadFault::kVersionNotSupported : HeadFault::kVersion;
}

// "." and "..", also with the dot percent-encoded: a prefix route must not be left through its own path.
bool is_dot_segment(std::string_view segment) noexcept {
    std::size_t dots = 0;
    while (!segment.empty()) {
        if (segment.front() == '.') {
            segment.remove_prefix(1);
        } else if (equal_ignoring_case(segment.substr(0, 3), "%2e")) {
            segment.remove_prefix(3);
        } else {
            return false;
        }
        ++dots;
    }
    return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) noexcept {
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        if (is_dot_segment(segment)) return true;
        path.remove_prefix(segment.size());
    }
    return false;
}

bool escapes_are_sound(std::string_view path) noexcept {
    for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3)) {
        const std::string_view digits = path.substr(at + 1, 2);
        if (digits.size() != 2 || !all_chars(digits, kHexChar) || digits == "00") return false;
    }
    return true;
}

HeadFault check_target(std::string_view method, std::string_view target) noexcept {
    if (target == "*") return method == "OPTIONS" ? HeadFault::kNone : HeadFault::kTargetForm;
    if (target.empty()) return HeadFault::kRequestLine;
    if (method == "CONNECT" || target.front() != '/') return HeadFault::kTargetForm;
    const std::size_t mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    if (!all_chars(path, kPathChar) || !escapes_are_sound(path) || has_dot_segment(path))
        return HeadFault::kTarget;
    return mark == std::string_view::npos || all_chars(target.substr(mark), kQueryChar) ? HeadFault::kNone
                                                                                        : HeadFault::kTarget;
}

}  // namespace

// uri-host [ ":" port ], names and addresses only: user information, lists and paths do not belong here.
bool is_host(std::string_view host) noexcept {
    std::size_t size = 0;
    if (host.starts_with('[')) {
        const std::size_t bracket = host.find(']');
        if (bracket == std::string_view::npos || bracket < 3) return false;
        const auto in_address = [](char c) { return is_char(c, kHexChar) || c == ':' || c == '.'; };
        if (!std::all_of(host.begin() + 1, host.begin() + static_cast<std::ptrdiff_t>(bracket), in_address))
            return false;
        size = bracket + 1;
    } else {
        while (size < host.size() && is_char(host[size], kHostChar))
            ++size;
        if (size == 0) return false;
    }
    const std::string_view rest = host.substr(size);
    return rest.empty() || (rest.front() == ':' && rest.size() <= 6 && all_chars(rest.substr(1), kDigitChar));
}

HttpField HttpHead::field(std::size_t index) const noexcept {
    return {name_of(slots_[index]), value_of(slots_[index])};
}

std::size_t HttpHead::count(std::string_view name) const noexcept {
    std::size_t found = 0;
    for (std::size_t i = 0; i < count_; ++i)
        found += equal_ignoring_case(name_of(slots_[i]), name) ? 1U : 0U;
    return found;
}

std::optional<std::string_view> HttpHead::find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (equal_ignoring_case(name_of(slots_[i]), name)) return value_of(slots_[i]);
    }
    return std::nullopt;
}

bool HttpHead::has_token(std::string_view name, std::string_view token) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (!equal_ignoring_case(name_of(slots_[i]), name)) continue;
        for (std::string_view list = value_of(slots_[i]); !list.empty();) {
            if (equal_ignoring_case(next_element(list), token)) return true;
        }
    }
    return false;
}

bool HttpHead::accepts(std::string_view media_type) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (!equal_ignoring_case(name_of(slots_[i]), "accept")) continue;
        for (std::string_view list = value_of(slots_[i]); !list.empty();) {
            const std::string_view range = next_element(list);
            if (equal_ignoring_case(trim_blanks(range.substr(0, range.find(';'))), media_type)) return true;
        }
    }
    return false;
}

bool HttpHead::keep_alive() const noexcept { return minor_version == 1 && !has_token("connection", "close"); }

HttpHeadParser::HttpHeadParser(const HttpHeadLimits& limits) noexcept : limits_(limits) {
    limits_.head_bytes = std::min(limits_.head_bytes, kMaxHeadBytes);
    limits_.fields = std::min(limits_.fields, kMaxHeadFields);
}

void HttpHeadParser::reset() noexcept {
    head_.count_ = 0;
    line_ = scanned_ = 0;
    state_ = HeadState::kNeedMore;
    fault_ = HeadFault::kNone;
    blank_line_skipped_ = in_fields_ = false;
}

HeadState HttpHeadParser::parse(std::string_view bytes) noexcept {
    while (state_ == HeadState::kNeedMore) {
        // Nothing beyond the window is looked at, so the verdict on an oversize head does not depend on how
        // it was cut.
        const std::string_view visible = bytes.substr(0, window());
        if (find_line_end(visible)) {
            take_line(bytes, scanned_);
        } else if (state_ == HeadState::kNeedMore) {
            if (visible.size() == window())
                refuse(in_fields_ ? HeadFault::kHeadTooLarge : HeadFault::kTargetTooLong);
            break;
        }
    }
    return state_;
}

std::size_t HttpHeadParser::window() const noexcept {
    if (in_fields_) return limits_.head_bytes;
    return std::min(limits_.head_bytes, line_ + kBesideTarget + limits_.target_bytes + 2);
}

// Stops on the CR of a line end. Every byte up to there has been checked then, so the line parsers see text
// only.
bool HttpHeadParser::find_line_end(std::string_view bytes) noexcept {
    while (scanned_ + 8 <= bytes.size() && eight_text(bytes.data() + scanned_))
        scanned_ += 8;
    while (scanned_ < bytes.size() && is_text(bytes[scanned_]))
        ++scanned_;
    if (scanned_ == bytes.size()) return false;
    const char stop = bytes[scanned_];
    if (stop == '\r' && scanned_ + 1 == bytes.size()) return false;
    if (stop == '\r' && bytes[scanned_ + 1] == '\n') return true;
    refuse(stop == '\r' || stop == '\n' ? HeadFault::kBareLineEnd : HeadFault::kControlByte);
    return false;
}

void HttpHeadParser::take_line(std::string_view bytes, std::size_t end) noexcept {
    const std::string_view line = bytes.substr(line_, end - line_);
    HeadFault fault = HeadFault::kNone;
    const bool first = !in_fields_;
    if (first && line.empty()) {
        // RFC 9112 2.2: one empty line before the request line is an old client's mistake, not an attack.
        if (blank_line_skipped_) fault = HeadFault::kRequestLine;
        blank_line_skipped_ = true;
    } else if (first) {
        fault = take_request_line(line);
        in_fields_ = true;
    } else if (!line.empty()) {
        fault = take_field(line);
    }
    line_ = scanned_ = end + 2;
    if (fault == HeadFault::kNone && !first && line.empty()) {
        fault = finish(bytes);
        if (fault == HeadFault::kNone) state_ = HeadState::kComplete;
    }
    if (fault != HeadFault::kNone) refuse(fault);
}

HeadFault HttpHeadParser::take_request_line(std::string_view line) noexcept {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return HeadFault::kRequestLine;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (!is_token(method) || method.size() > kMaxMethodBytes) return HeadFault::kMethod;
    if (target.find(' ') != std::string_view::npos) return HeadFault::kRequestLine;
    if (const HeadFault fault = check_version(line.substr(last + 1), head_.minor_version);
        fault != HeadFault::kNone)
        return fault;
    if (target.size() > limits_.target_bytes) return HeadFault::kTargetTooLong;
    head_.request_line_ = {static_cast<std::uint16_t>(line_), static_cast<std::uint16_t>(method.size()),
                           static_cast<std::uint16_t>(line_ + first + 1),
                           static_cast<std::uint16_t>(target.size())};
    return check_target(method, target);
}

HeadFault HttpHeadParser::take_field(std::string_view line) noexcept {
    if (line.front() == ' ' || line.front() == '\t') return HeadFault::kFoldedField;
    const std::size_t colon = line.find(':');
    // A blank before the colon is no token character, so that classic ends here too (RFC 9112 5.1).
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return HeadFault::kFieldName;
    if (head_.count_ == limits_.fields) return HeadFault::kTooManyFields;
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    const std::size_t value_at = line_ + static_cast<std::size_t>(value.data() - line.data());
    head_.slots_[head_.count_++] = {static_cast<std::uint16_t>(line_), static_cast<std::uint16_t>(colon),
                                    static_cast<std::uint16_t>(value_at),
                                    static_cast<std::uint16_t>(value.size())};
    return HeadFault::kNone;
}

HeadFault HttpHeadParser::finish(std::string_view bytes) noexcept {
    head_.base_ = bytes.data();
    head_.method = head_.name_of(head_.request_line_);
    head_.target = head_.value_of(head_.request_line_);
    const std::size_t mark = head_.target.find('?');
    head_.path = head_.target.substr(0, mark);
    head_.query = mark == std::string_view::npos ? std::string_view{} : head_.target.substr(mark + 1);
    // A proxy that judged one of them must not lead to a server that takes the other.
    if (head_.count("authorization") > 1) return HeadFault::kRepeatedField;
    const HeadFault fault = check_host();
    return fault != HeadFault::kNone ? fault : take_framing();
}

HeadFault HttpHeadParser::check_host() const noexcept {
    const std::size_t hosts = head_.count("host");
    if (hosts == 0) return head_.minor_version == 0 ? HeadFault::kNone : HeadFault::kHost;
    return hosts == 1 && is_host(*head_.find("host")) ? HeadFault::kNone : HeadFault::kHost;
}

// RFC 9112 6.3, without the repairs it allows: where two readers could disagree on the length of the body,
// the request ends here.
HeadFault HttpHeadParser::take_framing() noexcept {
    const std::size_t lengths = head_.count("content-length");
    const std::size_t codings = head_.count("transfer-encoding");
    head_.framing = BodyFraming::kNone;
    head_.content_length = 0;
    if (codings != 0) {
        if (lengths != 0) return HeadFault::kLengthAndCoding;
        if (codings > 1 || head_.minor_version == 0) return HeadFault::kTransferCoding;
        const std::string_view coding = *head_.find("transfer-encoding");
        if (!equal_ignoring_case(coding, "chunked"))
            return is_token(coding) ? HeadFault::kTransferCodingUnknown : HeadFault::kTransferCoding;
        head_.framing = BodyFraming::kChunked;
    } else if (lengths != 0) {
        const std::string_view digits = *head_.find("content-length");
        if (lengths > 1 || digits.empty() || !all_chars(digits, kDigitChar)) return HeadFault::kContentLength;
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), head_.content_length);
        if (error != std::errc{} || head_.content_length >> 63 != 0) return HeadFault::kContentLength;
        head_.framing = BodyFraming::kLength;
    }
    return HeadFault::kNone;
}

void HttpHeadParser::refuse(HeadFault fault) noexcept {
    state_ = HeadState::kRefused;
    fault_ = fault;
}

std::uint16_t status_of(HeadFault fault) noexcept {
    switch (fault) {
    case HeadFault::kTargetTooLong: return 414;
    case HeadFault::kHeadTooLarge:
    case HeadFault::kTooManyFields: return 431;
    case HeadFault::kTransferCodingUnknown: return 501;
    case HeadFault::kVersionNotSupported: return 505;
    default: return 400;
    }
}

std::string_view describe(HeadFault fault) noexcept {
    switch (fault) {
    case HeadFault::kNone: return "no fault";
    case HeadFault::kControlByte: return "control byte in the head";
    case HeadFault::kBareLineEnd: return "CR or LF alone";
    case HeadFault::kRequestLine: return "request line is not 'method target version'";
    case HeadFault::kMethod: return "method is not a token of at most 32 characters";
    case HeadFault::kTarget: return "character, escape or dot segment not allowed in the target";
    case HeadFault::kTargetForm: return "target is not in origin form";
    case HeadFault::kTargetTooLong: return "target too long";
    case HeadFault::kVersion: return "malformed HTTP version";
    case HeadFault::kVersionNotSupported: return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    case HeadFault::kFoldedField: return "folded field line";
    case HeadFault::kFieldName: return "field name is not a token directly before a colon";
    case HeadFault::kHeadTooLarge: return "head too large";
    case HeadFault::kTooManyFields: return "too many fields";
    case HeadFault::kHost: return "exactly one valid Host is required";
    case HeadFault::kContentLength: return "Content-Length must be one plain number";
    case HeadFault::kTransferCoding: return "Transfer-Encoding must be chunked, once, in HTTP/1.1";
    case HeadFault::kTransferCodingUnknown: return "unknown transfer coding";
    case HeadFault::kLengthAndCoding: return "Content-Length together with Transfer-Encoding";
    case HeadFault::kRepeatedField: return "Authorization may come once only";
    }
    return "unknown fault";
}

}  // namespace streamhost::net
