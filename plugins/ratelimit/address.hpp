// Addresses as limits count them: an IPv4 address by itself, an IPv6 one by its /64, which is what one
// customer gets at the least (RFC 6177); both lengths are settings. Pure. [any]
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ratelimit {

struct Address {
    std::array<std::uint8_t, 16> bytes{};
    std::uint8_t size = 0;  // 4 or 16
    friend bool operator==(const Address&, const Address&) = default;
};
// Nothing for what is neither. An IPv4 address inside IPv6 (::ffff:192.0.2.1, RFC 4291 2.5.5.2) is that IPv4
// address; a zone (%eth0) is left out.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
[[nodiscard]] Address masked(Address address, std::uint32_t prefix_bits) noexcept;
[[nodiscard]] std::string to_text(const Address& address);

struct Prefixes {
    std::uint32_t ipv4 = 32;
    std::uint32_t ipv6 = 64;
    friend bool operator==(const Prefixes&, const Prefixes&) = default;
};
// What all addresses of one prefix have in common, in few bytes; a text that is no address stands for itself.
[[nodiscard]] std::string address_key(std::string_view address, const Prefixes& prefixes);
// "192.0.2.1", "2001:db8::/64".
[[nodiscard]] std::string show_address_key(std::string_view key, const Prefixes& prefixes);

// 192.0.2.0/24, 2001:db8::/32, or one address.
class Network {
public:
    // Nothing for what is neither, or has bits behind its prefix.
    [[nodiscard]] static std::optional<Network> parse(std::string_view text);
    [[nodiscard]] bool holds(const Address& address) const noexcept;

private:
    Address base_;
    std::uint32_t bits_ = 0;
};

}  // namespace ratelimit
