#include "store_key.hpp"

#include <algorithm>

#include "streamhost/json.hpp"

#include "siphash.hpp"

namespace ratelimit {

namespace {

constexpr std::size_t kMaxOwnerBytes = 160;  // of the 256 of a name

bool may_stand(std::string_view text) {
    return text.size() <= kMaxOwnerBytes && std::none_of(text.begin(), text.end(), [](char byte) {
               const auto code = static_cast<unsigned char>(byte);
               return code < 0x20 || code == 0x7f || byte == '{' || byte == '}';
           });
}

// Not secret, since all nodes have to agree; 128 bits, so that nobody meets another by chance.
std::string digest(std::string_view text) {
    std::string out = "#";
    for (const std::uint64_t half : {siphash({1, 2}, text), siphash({3, 4}, text)}) {
        const auto digits = streamhost::hex16(half);
        out.append(digits.data(), digits.size());
    }
    return out;
}

}  // namespace

std::string store_key(const Limit& limit, std::string_view owner, const Prefixes& prefixes) {
    const std::string shown =
        limit.by == By::kAddress ? show_address_key(owner, prefixes) : std::string(owner);
    std::string key(word(limit.by));
    for (const std::int64_t part : {std::int64_t{limit.verbs}, limit.rate.interval_ns, limit.rate.burst})
        key.append(":").append(std::to_string(part));
    return key.append(":").append(may_stand(shown) ? shown : digest(shown));
}

}  // namespace ratelimit
