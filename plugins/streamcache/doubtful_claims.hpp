// The problem: a claim takes effect and its answer is lost. Who asks again as somebody new hears that another
// producer holds the stream, and means himself: nobody produces until the lease is over.
//
// The store recognises a claim by the number of its producer. So the number of one whose effect is unknown is
// kept for the next claim of that stream, whoever of this node makes it: the first one never heard a fence
// and cannot write. It is given out once. No I/O and no clock. [store]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "streamhost/status.hpp"

namespace streamcache {

class DoubtfulClaims {
public:
    static constexpr std::size_t kMost =
        4'096;  // beyond that the newest is not kept, and waits for its lease
    static constexpr std::int64_t kKeptMs = 60'000;

    // The number to claim the stream with, if one is left over.
    [[nodiscard]] std::optional<std::uint64_t> take(const std::string& stream);
    // How the claim was answered.
    void answered(const std::string& stream, std::uint64_t producer, sh_status status, std::int64_t now_ms);
    // Forgets what is old.
    void tick(std::int64_t now_ms);

    [[nodiscard]] std::size_t size() const noexcept { return claims_.size(); }

private:
    struct Claim {
        std::uint64_t producer = 0;
        std::int64_t until_ms = 0;
    };
    std::unordered_map<std::string, Claim> claims_;
};

}  // namespace streamcache
