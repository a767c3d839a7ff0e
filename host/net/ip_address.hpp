#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamhost::net {

// The problem: a socket that listens for both families shows an IPv4 client as ::ffff:192.0.2.1, a proxy as
// 192.0.2.1, and to a list of addresses the two have to be one. All [any], pure, no name is ever looked up.

/// IPv4 or IPv6; an IPv4 address in the clothes of IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address.
class IpAddress {
public:
    [[nodiscard]] static IpAddress v4(std::span<const std::uint8_t, 4> bytes) noexcept;
    [[nodiscard]] static IpAddress v6(std::span<const std::uint8_t, 16> bytes) noexcept;
    /// "192.0.2.1", "2001:db8::1"; nothing for anything else, ports, brackets and zones among it.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

    [[nodiscard]] bool is_v4() const noexcept;
    [[nodiscard]] std::string text() const;
    /// Whether the first `bits` are the same; of IPv4 addresses those behind the clothes count.
    [[nodiscard]] bool shares(const IpAddress& other, unsigned bits) const noexcept;
    /// All bits behind the first `bits` are 0.
    [[nodiscard]] bool ends_after(unsigned bits) const noexcept;
    bool operator==(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// Who is at the other end of a connection.
struct PeerAddress {
    std::optional<IpAddress> ip;  ///< nothing: a Unix socket
    std::uint16_t port = 0;       ///< 0: not known

    [[nodiscard]] static PeerAddress of(const sockaddr_storage& address) noexcept;
    /// "192.0.2.1:40000", "[2001:db8::1]:40000", "unix:"; without a port the address alone, in brackets too.
    [[nodiscard]] std::string text() const;
    bool operator==(const PeerAddress&) const = default;
};

/// Addresses, networks ("10.0.0.0/8", "fd00::/8") and "unix" for whoever comes by a Unix socket.
class AddressList {
public:
    /// Why `item` cannot be in a list; empty: it is in this one now.
    [[nodiscard]] std::string add(std::string_view item);
    [[nodiscard]] bool contains(const PeerAddress& peer) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return networks_.empty() && !has_unix_; }

private:
    struct Network {
        IpAddress address;
        unsigned bits;
    };
    std::vector<Network> networks_;
    bool has_unix_ = false;
};

}  // namespace streamhost::net
