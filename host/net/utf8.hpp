#pragma once

#include <cstdint>
#include <span>

namespace streamhost::net {

// The problem: RFC 6455 8.1 wants a connection failed as soon as a text message cannot be UTF-8 any more, and
// a message arrives in pieces that split code points anywhere. So the check has to resume at any byte, must
// not wait for the end of a frame, and must cost next to nothing on ASCII, which is nearly all traffic.
//
// Well-formed sequences are those of table 3-7 of the Unicode standard: no overlong forms, no surrogates,
// nothing above U+10FFFF. One byte of state; a rejected validator stays rejected until reset(). Thread role
// [any], one user at a time.
class Utf8Validator {
public:
    // False from the first byte on that no continuation can make well-formed. The position is exact: a prefix
    // of a valid text is never refused, and the byte that breaks it always is.
    [[nodiscard]] bool feed(std::span<const std::uint8_t> bytes) noexcept;

    // True between code points: the text fed so far may end here.
    [[nodiscard]] bool complete() const noexcept { return state_ == 0; }
    [[nodiscard]] bool rejected() const noexcept;
    void reset() noexcept { state_ = 0; }

private:
    std::uint8_t state_ = 0;
};

// The whole text at once: well-formed and not cut inside a code point.
[[nodiscard]] bool is_utf8(std::span<const std::uint8_t> bytes) noexcept;

}  // namespace streamhost::net
