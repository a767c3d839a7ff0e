#include "net/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "streamhost/whole_number.hpp"

namespace streamhost::net {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kBits = 128;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) noexcept {
    IpAddress out;
    std::copy(kMapped.begin(), kMapped.end(), out.bytes_.begin());
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin() + kMapped.size());
    return out;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) noexcept {
    IpAddress out;
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
    return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
    char whole[INET6_ADDRSTRLEN]{};
    if (text.empty() || text.size() >= sizeof(whole) || text.find('\0') != std::string_view::npos) return {};
    std::copy(text.begin(), text.end(), whole);
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, whole, bytes.data()) == 1) return v4(std::span(bytes).first<4>());
    if (::inet_pton(AF_INET6, whole, bytes.data()) == 1) return v6(bytes);
    return {};
}

bool IpAddress::is_v4() const noexcept { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
    char out[INET6_ADDRSTRLEN]{};
    const bool is_short = is_v4();
    ::inet_ntop(is_short ? AF_INET : AF_INET6, bytes_.data() + (is_short ? kMapped.size() : 0), out,
                sizeof(out));
    return out;
}

bool IpAddress::shares(const IpAddress& other, unsigned bits) const noexcept {
    if (is_v4() != other.is_v4()) return false;
    if (is_v4()) bits += kMappedBits;
    const unsigned whole = bits / 8;
    if (std::memcmp(bytes_.data(), other.bytes_.data(), whole) != 0) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || (bytes_[whole] ^ other.bytes_[whole]) >> (8 - rest) == 0;
}

bool IpAddress::ends_after(unsigned bits) const noexcept {
    if (is_v4()) bits += kMappedBits;
    for (unsigned bit = bits; bit < kBits; ++bit)
        if ((bytes_[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    return true;
}

PeerAddress PeerAddress::of(const sockaddr_storage& address) noexcept {
    if (address.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof(in));
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
        return {IpAddress::v4(bytes), ntohs(in.sin_port)};
    }
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &address, sizeof(in));
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
        return {IpAddress::v6(bytes), ntohs(in.sin6_port)};
    }
    return {};
}

std::string PeerAddress::text() const {
    if (!ip) return "unix:";
    std::string out = ip->is_v4() ? ip->text() : "[" + ip->text() + "]";
    if (port != 0) out.append(":").append(std::to_string(port));
    return out;
}

std::string AddressList::add(std::string_view item) {
    if (item == "unix") {
        has_unix_ = true;
        return {};
    }
    const std::size_t slash = item.find('/');
    const auto address = IpAddress::parse(item.substr(0, slash));
    if (!address) return quoted(item) + " is no address, no network and not 'unix'";
    const unsigned all = address->is_v4() ? kBits - kMappedBits : kBits;
    const auto bits =
        slash == std::string_view::npos ? std::optional(all) : whole_number<unsigned>(item.substr(slash + 1));
    if (!bits || *bits > all)
        return quoted(item) + " is no network: behind '/' is a number from 0 to " + std::to_string(all);
    if (!address->ends_after(*bits))
        return quoted(item) + " is no network: it has bits behind the first " + std::to_string(*bits);
    networks_.push_back({*address, *bits});
    return {};
}

bool AddressList::contains(const PeerAddress& peer) const noexcept {
    if (!peer.ip) return has_unix_;
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return network.address.shares(*peer.ip, network.bits);
    });
}

}  // namespace streamhost::net
