// A keyed hash, so that nobody can choose names that meet in one place of a table.
//
// Source: SipHash-2-4, Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ratelimit {

struct SipKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

class SipState {
public:
    explicit SipState(const SipKey& key) noexcept
        : v0_(0x736f6d6570736575U ^ key.low),
          v1_(0x646f72616e646f6dU ^ key.high),
          v2_(0x6c7967656e657261U ^ key.low),
          v3_(0x7465646279746573U ^ key.high) {}

    void add(std::uint64_t word) noexcept {
        v3_ ^= word;
        round();
        round();
        v0_ ^= word;
    }
    [[nodiscard]] std::uint64_t done() noexcept {
        v2_ ^= 0xff;
        for (int count = 0; count < 4; ++count)
            round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void round() noexcept {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_, v1_, v2_, v3_;
};

// As the reference on a little-endian machine. [any]
[[nodiscard]] inline std::uint64_t siphash(const SipKey& key, std::string_view text) noexcept {
    static_assert(std::endian::native == std::endian::little);
    SipState state(key);
    const std::size_t whole = text.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        state.add(word);
    }
    std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
    if (text.size() > whole) std::memcpy(&last, text.data() + whole, text.size() - whole);
    state.add(last);
    return state.done();
}

}  // namespace ratelimit
