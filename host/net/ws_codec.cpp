#include "net/ws_codec.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace streamhost::net {

struct WsDecoder::Header {
    std::uint64_t length = 0;
    WsMaskKey mask{};
    std::uint8_t size = 0;  // 0: more bytes are needed
    WsOpcode opcode = WsOpcode::kContinuation;
    WsFin fin = WsFin::kLast;
    bool deflated = false;
};

// Control frames may come between the fragments of a message, so both may be incomplete at once.
struct WsDecoder::Spill {
    std::vector<std::uint8_t> message;
    std::array<std::uint8_t, kWsMaxControlPayload> control;
    std::uint8_t control_size = 0;
};

namespace {

constexpr bool is_control(WsOpcode opcode) noexcept { return static_cast<std::uint8_t>(opcode) >= 8; }

constexpr std::uint8_t kRsv1 = 0x40;

constexpr bool is_known(std::uint8_t opcode) noexcept { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

std::uint64_t load_big_endian(const std::uint8_t* bytes, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | bytes[i];
    return value;
}

WsFault check_length(std::uint64_t length, std::size_t length_bytes) noexcept {
    if (length_bytes == 2)
        return length <= kWsMaxControlPayload ? WsFault::kLengthNotMinimal : WsFault::kNone;
    if (length >> 63 != 0) return WsFault::kLengthOverflow;
    return length <= std::numeric_limits<std::uint16_t>::max() ? WsFault::kLengthNotMinimal : WsFault::kNone;
}

// What a sender may need that has to say all of it and cannot make it smaller.
constexpr std::uint32_t payload_limit(std::uint64_t message_bytes, bool deflated) noexcept {
    const std::uint64_t limit = deflated ? message_bytes + message_bytes / 8 + 64 : message_bytes;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, UINT32_MAX));
}

WsFault check_close(std::span<const std::uint8_t> payload) noexcept {
    if (payload.empty()) return WsFault::kNone;
    if (payload.size() == 1) return WsFault::kClosePayload;
    if (!ws_close_code_allowed(static_cast<std::uint16_t>(load_big_endian(payload.data(), 2))))
        return WsFault::kCloseCode;
    return is_utf8(payload.subspan(2)) ? WsFault::kNone : WsFault::kCloseReason;
}

}  // namespace

WsDecoder::WsDecoder() noexcept = default;
WsDecoder::~WsDecoder() = default;
WsDecoder::WsDecoder(WsDecoder&&) noexcept = default;
WsDecoder& WsDecoder::operator=(WsDecoder&&) noexcept = default;

bool WsDecoder::resting() const noexcept {
    return phase_ != Phase::kPayload && header_size_ == 0 && message_ == WsOpcode::kContinuation && !spill_;
}

void WsDecoder::release() noexcept {
    if (!lent_) return;
    lent_ = false;
    if (message_ == WsOpcode::kContinuation || spill_->message.empty()) {
        spill_.reset();
    } else {
        spill_->control_size = 0;
    }
}

WsEvent WsDecoder::next(std::span<std::uint8_t>& input, const WsDecoderOptions& options) {
    release();
    while (phase_ != Phase::kEnded) {
        if (phase_ == Phase::kHeader) {
            WsFault fault = WsFault::kNone;
            if (!take_header(input, options, fault)) return fault == WsFault::kNone ? WsEvent{} : fail(fault);
        }
        if (remaining_ != 0 && input.empty()) return {};
        WsEvent event;
        if (take_payload(input, options, event)) return event;
    }
    input = {};
    return {};
}

// True once a frame has been opened. Otherwise either `fault` is set or all input was saved for later.
inline bool WsDecoder::take_header(std::span<std::uint8_t>& input, const WsDecoderOptions& options,
                                   WsFault& fault) {
    Header header;
    if (header_size_ == 0) {
        fault = parse_header(input, options, header);
    } else {
        std::array<std::uint8_t, kSavedHeader + kWsMaxClientHeader> joined;
        std::memcpy(joined.data(), header_.data(), header_size_);
        const std::size_t added = std::min(input.size(), kWsMaxClientHeader);
        if (added != 0) std::memcpy(joined.data() + header_size_, input.data(), added);
        fault = parse_header({joined.data(), header_size_ + added}, options, header);
    }
    if (fault != WsFault::kNone) return false;
    if (header.size == 0) {
        if (!input.empty()) std::memcpy(header_.data() + header_size_, input.data(), input.size());
        header_size_ = static_cast<std::uint8_t>(header_size_ + input.size());
        input = {};
        return false;
    }
    input = input.subspan(static_cast<std::size_t>(header.size) - header_size_);
    header_size_ = 0;
    start_frame(header);
    return true;
}

// Checks in the order of the bytes, and each as soon as its byte is there: a peer that is wrong hears so
// before it has sent the rest, and the verdict does not depend on how the bytes were cut.
inline WsFault WsDecoder::parse_header(std::span<const std::uint8_t> bytes, const WsDecoderOptions& options,
                                       Header& header) const noexcept {
    if (bytes.empty()) return WsFault::kNone;
    if (const WsFault fault = check_opening(bytes[0], options); fault != WsFault::kNone) return fault;
    if (bytes.size() < 2) return WsFault::kNone;

    header.opcode = static_cast<WsOpcode>(bytes[0] & 0x0f);
    header.fin = static_cast<WsFin>(bytes[0] >> 7);
    const bool masked = (bytes[1] & 0x80) != 0;
    if (masked != (options.role == WsRole::kServer)) return masked ? WsFault::kMasked : WsFault::kUnmasked;
    header.length = bytes[1] & 0x7f;
    const std::size_t length_bytes = header.length < 126 ? 0 : header.length == 126 ? 2 : 8;
    if (is_control(header.opcode) && length_bytes != 0) return WsFault::kLongControl;
    if (bytes.size() < 2 + length_bytes) return WsFault::kNone;
    if (length_bytes != 0) {
        header.length = load_big_endian(bytes.data() + 2, length_bytes);
        if (const WsFault fault = check_length(header.length, length_bytes); fault != WsFault::kNone)
            return fault;
    }
    const std::uint64_t total = message_bytes_ + header.length;
    header.deflated = (bytes[0] & kRsv1) != 0;
    const std::uint32_t limit = payload_limit(options.max_message_bytes, header.deflated || deflated_);
    if (!is_control(header.opcode) && total > limit) return WsFault::kMessageTooBig;

    const std::size_t size = 2 + length_bytes + (masked ? 4 : 0);
    if (bytes.size() < size) return WsFault::kNone;
    if (masked) std::memcpy(header.mask.data(), bytes.data() + 2 + length_bytes, 4);
    header.size = static_cast<std::uint8_t>(size);
    return WsFault::kNone;
}

inline WsFault WsDecoder::check_opening(std::uint8_t first, const WsDecoderOptions& options) const noexcept {
    const std::uint8_t code = first & 0x0f;
    // RFC 7692 6: RSV1 is for the first frame of a data message.
    const bool takes_rsv1 = options.takes_deflated && (code == 1 || code == 2);
    if ((first & (takes_rsv1 ? 0x30 : 0x70)) != 0) return WsFault::kReservedBits;
    if (!is_known(code)) return WsFault::kReservedOpcode;
    const auto opcode = static_cast<WsOpcode>(code);
    if (is_control(opcode)) return (first & 0x80) == 0 ? WsFault::kFragmentedControl : WsFault::kNone;
    const bool open = message_ != WsOpcode::kContinuation;
    if (opcode == WsOpcode::kContinuation) return open ? WsFault::kNone : WsFault::kStrayContinuation;
    return open ? WsFault::kInterruptedMessage : WsFault::kNone;
}

inline void WsDecoder::start_frame(const Header& header) noexcept {
    opcode_ = header.opcode;
    mask_ = header.mask;
    remaining_ = static_cast<std::uint32_t>(header.length);
    phase_ = Phase::kPayload;
    if (is_control(opcode_)) return;
    fin_ = header.fin;
    message_bytes_ += remaining_;
    if (opcode_ == WsOpcode::kContinuation) return;
    message_ = opcode_;
    deflated_ = header.deflated;
}

// Takes the part of the payload that has arrived. True if there is something to tell.
inline bool WsDecoder::take_payload(std::span<std::uint8_t>& input, const WsDecoderOptions& options,
                                    WsEvent& event) {
    const std::size_t size = std::min<std::size_t>(remaining_, input.size());
    const std::span<std::uint8_t> part = input.first(size);
    input = input.subspan(size);
    const bool ascii = ws_mask(part, mask_) < 0x80;
    remaining_ -= static_cast<std::uint32_t>(size);
    if (remaining_ == 0) {
        phase_ = Phase::kHeader;
    } else {
        std::rotate(mask_.begin(), mask_.begin() + (size & 3), mask_.end());
    }
    return is_control(opcode_) ? take_control(part, event) : take_data(part, ascii, options, event);
}

bool WsDecoder::take_control(std::span<const std::uint8_t> part, WsEvent& event) {
    std::span<const std::uint8_t> payload = part;
    if (remaining_ != 0 || (spill_ && spill_->control_size != 0)) {
        if (!spill_) spill_ = std::make_unique<Spill>();
        if (!part.empty())
            std::memcpy(spill_->control.data() + spill_->control_size, part.data(), part.size());
        spill_->control_size = static_cast<std::uint8_t>(spill_->control_size + part.size());
        if (remaining_ != 0) return false;
        payload = std::span(spill_->control).first(spill_->control_size);
        lent_ = true;
    }
    if (opcode_ == WsOpcode::kClose) {
        finish_close(payload, event);
    } else {
        event.kind = opcode_ == WsOpcode::kPing ? WsEventKind::kPing : WsEventKind::kPong;
        event.payload = payload;
    }
    return true;
}

void WsDecoder::finish_close(std::span<const std::uint8_t> payload, WsEvent& event) noexcept {
    if (const WsFault fault = check_close(payload); fault != WsFault::kNone) {
        event = fail(fault);
        return;
    }
    phase_ = Phase::kEnded;
    message_ = WsOpcode::kContinuation;
    lent_ = spill_ != nullptr;
    event.kind = WsEventKind::kClose;
    event.close_code =
        payload.empty() ? kWsNoStatus : static_cast<std::uint16_t>(load_big_endian(payload.data(), 2));
    event.payload = payload.empty() ? payload : payload.subspan(2);
}

inline bool WsDecoder::take_data(std::span<const std::uint8_t> part, bool ascii,
                                 const WsDecoderOptions& options, WsEvent& event) {
    const bool last = remaining_ == 0 && fin_ == WsFin::kLast;
    if (message_ == WsOpcode::kText && !deflated_) {
        const bool valid = (ascii && utf8_.complete()) || utf8_.feed(part);
        if (!valid || (last && !utf8_.complete())) {
            event = fail(WsFault::kInvalidUtf8);
            return true;
        }
    }
    if (options.delivery == WsDelivery::kPieces) {
        if (part.empty() && !last) return false;
        event = {.kind = WsEventKind::kMessage,
                 .opcode = message_,
                 .deflated = deflated_,
                 .last = last,
                 .payload = part};
        if (last) finish_message(part, event);
        return true;
    }
    const bool whole = last && (!spill_ || spill_->message.empty());
    if (!whole) append_to_spill(part, payload_limit(options.max_message_bytes, deflated_));
    if (last) finish_message(whole ? part : std::span<const std::uint8_t>(spill_->message), event);
    return last;
}

inline void WsDecoder::finish_message(std::span<const std::uint8_t> payload, WsEvent& event) noexcept {
    event.kind = WsEventKind::kMessage;
    event.opcode = message_;
    event.deflated = deflated_;
    event.payload = payload;
    message_ = WsOpcode::kContinuation;
    deflated_ = false;
    message_bytes_ = 0;
    lent_ = spill_ != nullptr;
}

// Room grows with what has arrived, never with what was announced: otherwise a header of fourteen bytes would
// buy a megabyte.
void WsDecoder::append_to_spill(std::span<const std::uint8_t> part, std::uint32_t max_bytes) {
    if (part.empty()) return;
    if (!spill_) spill_ = std::make_unique<Spill>();
    std::vector<std::uint8_t>& message = spill_->message;
    const std::size_t needed = message.size() + part.size();
    if (needed > message.capacity()) {
        const std::size_t ceiling = fin_ == WsFin::kLast ? message_bytes_ : max_bytes;
        message.reserve(std::max(needed, std::min(2 * message.capacity(), ceiling)));
    }
    message.insert(message.end(), part.begin(), part.end());
}

void WsDecoder::end() noexcept {
    phase_ = Phase::kEnded;
    spill_.reset();
    lent_ = false;
    message_ = WsOpcode::kContinuation;
    header_size_ = 0;
}

WsEvent WsDecoder::fail(WsFault fault) noexcept {
    end();
    return {.kind = WsEventKind::kError, .fault = fault, .close_code = close_code_of(fault)};
}

std::uint16_t close_code_of(WsFault fault) noexcept {
    switch (fault) {
    case WsFault::kMessageTooBig: return kWsTooBig;
    case WsFault::kInvalidUtf8:
    case WsFault::kDeflate:
    case WsFault::kCloseReason: return kWsInvalidPayload;
    default: return kWsProtocolError;
    }
}

std::string_view describe(WsFault fault) noexcept {
    switch (fault) {
    case WsFault::kNone: return "no fault";
    case WsFault::kReservedBits: return "reserved bits set without an extension";
    case WsFault::kReservedOpcode: return "reserved opcode";
    case WsFault::kFragmentedControl: return "fragmented control frame";
    case WsFault::kLongControl: return "control frame over 125 bytes";
    case WsFault::kStrayContinuation: return "continuation without a message";
    case WsFault::kInterruptedMessage: return "new message inside a fragmented one";
    case WsFault::kUnmasked: return "client frame without mask";
    case WsFault::kMasked: return "server frame with mask";
    case WsFault::kLengthNotMinimal: return "length not in its shortest form";
    case WsFault::kLengthOverflow: return "length over 63 bits";
    case WsFault::kMessageTooBig: return "message over the limit";
    case WsFault::kInvalidUtf8: return "text is not UTF-8";
    case WsFault::kClosePayload: return "close payload of one byte";
    case WsFault::kCloseCode: return "close code not allowed";
    case WsFault::kCloseReason: return "close reason is not UTF-8";
    case WsFault::kDeflate: return "compressed data is broken";
    }
    return "unknown fault";
}

}  // namespace streamhost::net
