// The problem: an entry names the fence it was written with and not who held it. Each node remembers the last
// fences that were given through it, so that somebody who asks all of them finds the producer. [store]
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace streamcache {

class ClaimBook {
public:
    static constexpr std::size_t kRemembered = 10'000;

    struct Claim {
        std::int64_t at_ms = 0;  // wall clock of this node
        bool is_local = false;   // a producer of this process, else a client's
    };

    void given(const std::string& stream, std::uint64_t fence, const Claim& claim) {
        claims_.push_back({stream, fence, claim});
        if (claims_.size() > kRemembered) claims_.pop_front();
    }
    [[nodiscard]] std::optional<Claim> find(std::string_view stream, std::uint64_t fence) const {
        for (auto one = claims_.rbegin(); one != claims_.rend(); ++one)
            if (one->fence == fence && one->stream == stream) return one->claim;
        return std::nullopt;
    }

private:
    struct Entry {
        std::string stream;
        std::uint64_t fence;
        Claim claim;
    };
    std::deque<Entry> claims_;
};

}  // namespace streamcache
