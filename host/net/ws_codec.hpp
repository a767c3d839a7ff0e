#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "net/utf8.hpp"
#include "net/ws_frame.hpp"

namespace streamhost::net {

// The problem: a loop reads from thousands of sockets into one shared buffer, so whatever a read leaves over
// must be remembered per connection, yet a resting connection may cost next to nothing and a message that
// came whole must not be copied. And everything the peer can do wrong has to be noticed at the first byte
// that shows it.
//
// WsDecoder is RFC 6455 5 to 8 for one direction of one connection: no I/O, no clock, no thread. It is
// pulled: the caller owns the bytes, calls next() until it says kNeedInput, and may stop in between
// (back-pressure) by keeping what is left of `input`. Every split of the same bytes gives the same events.
// Role [loop], one user at a time. Throws only std::bad_alloc.

enum class WsRole : std::uint8_t {
    kServer = 1,
    kClient
};  // kServer: frames must be masked; kClient: must not be
enum class WsDelivery : std::uint8_t {
    kWholeMessages = 1,
    kPieces
};  // kPieces: as they arrive, nothing is ever buffered

struct WsDecoderOptions {
    WsRole role = WsRole::kServer;
    WsDelivery delivery = WsDelivery::kWholeMessages;
    std::uint32_t max_message_bytes = 1U << 20;  // all fragments together; checked on the declared length
    bool takes_deflated = false;                 // permessage-deflate was agreed on (ws_deflate.hpp)
};

enum class WsFault : std::uint8_t {
    kNone,
    kReservedBits,
    kReservedOpcode,
    kFragmentedControl,
    kLongControl,
    kStrayContinuation,
    kInterruptedMessage,
    kUnmasked,
    kMasked,
    kLengthNotMinimal,
    kLengthOverflow,
    kMessageTooBig,
    kInvalidUtf8,
    kClosePayload,
    kCloseCode,
    kCloseReason,
    kDeflate,
};
[[nodiscard]] std::uint16_t close_code_of(WsFault fault) noexcept;  // 1002, 1007 or 1009
[[nodiscard]] std::string_view describe(WsFault fault) noexcept;    // fits a close reason

enum class WsEventKind : std::uint8_t { kNeedInput = 1, kMessage, kPing, kPong, kClose, kError };

struct WsEvent {
    WsEventKind kind = WsEventKind::kNeedInput;
    WsOpcode opcode = WsOpcode::kContinuation;  // kMessage: kText or kBinary
    bool deflated = false;  // kMessage: the payload has to be inflated first; UTF-8 is not checked yet
    bool last = true;       // kMessage: false only with kPieces, when more of the message follows
    WsFault fault = WsFault::kNone;  // kError
    std::uint16_t close_code = 0;  // kClose: the peer's, kWsNoStatus without payload; kError: the one to send
    std::span<const std::uint8_t>
        payload{};  // kClose: the reason. Valid until the next call of next() or release()
};

class WsDecoder {
public:
    WsDecoder() noexcept;
    ~WsDecoder();
    WsDecoder(WsDecoder&&) noexcept;
    WsDecoder& operator=(WsDecoder&&) noexcept;

    // Takes what it can from the front of `input`, unmasking in place, and returns the next event. On
    // kNeedInput the whole input has been taken. After kClose or kError everything else is swallowed (RFC
    // 6455 5.5.1, 7.1.7). The options have to be the same in each call; they are passed in so that they are
    // not stored per connection.
    [[nodiscard]] WsEvent next(std::span<std::uint8_t>& input, const WsDecoderOptions& options);

    // Frees an assembled message that was delivered, for a caller that pauses instead of calling next().
    void release() noexcept;

    // For a caller that found a message broken: everything from here on is swallowed.
    void end() noexcept;

    [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::kEnded; }
    // True when neither a frame nor a message is incomplete; nothing is allocated then.
    [[nodiscard]] bool resting() const noexcept;

private:
    enum class Phase : std::uint8_t { kHeader = 1, kPayload, kEnded };
    struct Header;
    struct Spill;
    static constexpr std::size_t kSavedHeader = kWsMaxClientHeader - 1;

    // Those marked inline lie on the path of every frame; only the .cpp calls them. Worth a fifth of the time
    // per frame.

    inline bool take_header(std::span<std::uint8_t>& input, const WsDecoderOptions& options, WsFault& fault);
    inline WsFault parse_header(std::span<const std::uint8_t> bytes, const WsDecoderOptions& options,
                                Header& header) const noexcept;
    inline WsFault check_opening(std::uint8_t first, const WsDecoderOptions& options) const noexcept;
    inline void start_frame(const Header& header) noexcept;
    inline bool take_payload(std::span<std::uint8_t>& input, const WsDecoderOptions& options, WsEvent& event);
    bool take_control(std::span<const std::uint8_t> part, WsEvent& event);
    inline bool take_data(std::span<const std::uint8_t> part, bool ascii, const WsDecoderOptions& options,
                          WsEvent& event);
    void finish_close(std::span<const std::uint8_t> payload, WsEvent& event) noexcept;
    inline void finish_message(std::span<const std::uint8_t> payload, WsEvent& event) noexcept;
    void append_to_spill(std::span<const std::uint8_t> part, std::uint32_t max_bytes);
    WsEvent fail(WsFault fault) noexcept;

    std::unique_ptr<Spill> spill_;     // split messages and split control frames only
    std::uint32_t remaining_ = 0;      // of the current frame's payload
    std::uint32_t message_bytes_ = 0;  // declared so far, all fragments of the current message
    WsMaskKey mask_{};                 // turned so that mask_[0] is for the next byte
    Utf8Validator utf8_;
    std::array<std::uint8_t, kSavedHeader> header_{};  // of a header that a read cut
    std::uint8_t header_size_ = 0;
    WsOpcode opcode_ = WsOpcode::kContinuation;   // of the current frame
    WsOpcode message_ = WsOpcode::kContinuation;  // kText or kBinary while a message is open
    WsFin fin_ = WsFin::kLast;
    Phase phase_ = Phase::kHeader;
    bool lent_ : 1 = false;      // the last event showed bytes of the spill
    bool deflated_ : 1 = false;  // the current message
};
static_assert(sizeof(WsDecoder) <= 40, "one per connection: a hundred thousand of them rest");

// Push style: hands every event to `sink(const WsEvent&)` until the input is used up or the sink returns
// false (pause).
template <typename Sink>
void ws_drain(WsDecoder& decoder, std::span<std::uint8_t>& input, const WsDecoderOptions& options,
              Sink&& sink) {
    for (;;) {
        const WsEvent event = decoder.next(input, options);
        if (event.kind == WsEventKind::kNeedInput || !sink(event)) return;
    }
}

}  // namespace streamhost::net
