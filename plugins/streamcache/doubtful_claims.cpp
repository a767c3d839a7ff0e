#include "doubtful_claims.hpp"

namespace streamcache {

std::optional<std::uint64_t> DoubtfulClaims::take(const std::string& stream) {
    const auto found = claims_.find(stream);
    if (found == claims_.end()) return std::nullopt;
    const std::uint64_t producer = found->second.producer;
    claims_.erase(found);
    return producer;
}

void DoubtfulClaims::answered(const std::string& stream, std::uint64_t producer, sh_status status,
                              std::int64_t now_ms) {
    // Refused for want of room: an earlier one of this number may still have taken effect.
    if (streamhost::is_transient(status) && claims_.size() < kMost)
        claims_.insert_or_assign(stream, Claim{producer, now_ms + kKeptMs});
}

void DoubtfulClaims::tick(std::int64_t now_ms) {
    std::erase_if(claims_, [now_ms](const auto& claim) { return claim.second.until_ms <= now_ms; });
}

}  // namespace streamcache
