#include "address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "streamhost/whole_number.hpp"

namespace ratelimit {

namespace {

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
// What a key begins with.
constexpr char kIpv4 = '4';
constexpr char kIpv6 = '6';
constexpr char kText = 't';

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    text = text.substr(0, text.find('%'));
    char terminated[INET6_ADDRSTRLEN] = {};
    if (text.empty() || text.size() >= sizeof(terminated)) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated);
    Address address;
    if (inet_pton(AF_INET, terminated, address.bytes.data()) == 1) {
        address.size = 4;
        return address;
    }
    if (inet_pton(AF_INET6, terminated, address.bytes.data()) != 1) return std::nullopt;
    address.size = 16;
    if (std::memcmp(address.bytes.data(), kMapped, sizeof(kMapped)) != 0) return address;
    Address inner;
    inner.size = 4;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), inner.bytes.begin());
    return inner;
}

Address masked(Address address, std::uint32_t prefix_bits) noexcept {
    for (std::uint32_t index = 0; index < address.size; ++index) {
        const std::uint32_t kept = std::min(8U, prefix_bits - std::min(prefix_bits, index * 8));
        address.bytes[index] &= static_cast<std::uint8_t>(0xff00U >> kept);
    }
    return address;
}

std::string to_text(const Address& address) {
    char text[INET6_ADDRSTRLEN] = {};
    return inet_ntop(address.size == 4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof(text));
}

// A mark, and the bytes that have bits of the prefix: short enough that most strings need no memory of their
// own.
std::string address_key(std::string_view text, const Prefixes& prefixes) {
    const auto address = parse_address(text);
    if (!address) return std::string(1, kText).append(text);
    const std::uint32_t bits = address->size == 4 ? prefixes.ipv4 : prefixes.ipv6;
    const Address kept = masked(*address, bits);
    return std::string(1, address->size == 4 ? kIpv4 : kIpv6)
        .append(kept.bytes.begin(), kept.bytes.begin() + (bits + 7) / 8);
}

std::string show_address_key(std::string_view key, const Prefixes& prefixes) {
    if (key.empty()) return {};
    const std::string_view rest = key.substr(1);
    if (key.front() == kText) return std::string(rest);
    Address address;
    address.size = key.front() == kIpv4 ? 4 : 16;
    std::copy_n(rest.begin(), std::min<std::size_t>(rest.size(), address.size), address.bytes.begin());
    const std::uint32_t bits = address.size == 4 ? prefixes.ipv4 : prefixes.ipv6;
    const std::string text = to_text(address);
    return bits == address.size * 8U ? text : text + "/" + std::to_string(bits);
}

std::optional<Network> Network::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address || text.find('%') != std::string_view::npos) return std::nullopt;
    Network network;
    network.base_ = *address;
    network.bits_ = address->size * 8U;
    if (slash != std::string_view::npos) {
        const auto bits = streamhost::whole_number<std::uint32_t>(text.substr(slash + 1));
        if (!bits || *bits > network.bits_) return std::nullopt;
        network.bits_ = *bits;
    }
    if (masked(network.base_, network.bits_) != network.base_) return std::nullopt;
    return network;
}

bool Network::holds(const Address& address) const noexcept {
    return address.size == base_.size && masked(address, bits_) == base_;
}

}  // namespace ratelimit
