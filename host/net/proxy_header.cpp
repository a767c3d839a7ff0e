#include "net/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "streamhost/whole_number.hpp"

namespace streamhost::net {

namespace {

using Bytes = std::span<const std::uint8_t>;
using State = ProxyVerdict::State;

constexpr std::string_view kTextStart = "PROXY ";
constexpr std::string_view kBinaryStart("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kMaxTextBytes = 107;  // with its line end
constexpr std::size_t kFixedBytes = 16;     // of version 2: signature, version and command, family, length

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

ProxyVerdict refused() { return {State::kRefused, 0, {}}; }

ProxyVerdict complete(std::size_t size, const ProxyHeader& header) {
    return {State::kComplete, size, header};
}

ProxyHeader from(const IpAddress& address, std::uint16_t port) {
    return {ProxyHeader::Source::kClient, {address, port}};
}

// ------------------------------------------------------------------------------------------- version 1: a
// line

// Up to the next blank, which has to be there unless `is_last`.
std::optional<std::string_view> next_word(std::string_view& line, bool is_last = false) {
    const std::size_t end = line.find(' ');
    if ((end == std::string_view::npos) != is_last) return {};
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(is_last ? line.size() : end + 1);
    return word;
}

std::optional<std::uint16_t> port_of(std::string_view word) {
    const bool has_leading_zero = word.size() > 1 && word.front() == '0';
    return has_leading_zero ? std::nullopt : whole_number<std::uint16_t>(word);
}

// IPv4 is told from IPv6 by how it is written: ::ffff:192.0.2.1 is TCP6.
std::optional<IpAddress> address_of(std::string_view word, bool is_v4) {
    const bool has_colon = word.find(':') != std::string_view::npos;
    return has_colon == is_v4 ? std::nullopt : IpAddress::parse(word);
}

// "TCP4 192.0.2.1 192.0.2.7 40000 443"
std::optional<ProxyHeader> read_line(std::string_view line) {
    if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return ProxyHeader{};
    const auto family = next_word(line);
    if (family != "TCP4" && family != "TCP6") return {};
    const bool is_v4 = family == "TCP4";
    const auto source = next_word(line);
    const auto target = next_word(line);
    const auto source_port = next_word(line);
    const auto target_port = next_word(line, true);
    if (!source || !target || !source_port || !target_port) return {};
    const auto client = address_of(*source, is_v4);
    const auto port = port_of(*source_port);
    if (!client || !port || !address_of(*target, is_v4) || !port_of(*target_port)) return {};
    return from(*client, *port);
}

ProxyVerdict read_text(Bytes bytes) {
    const std::string_view text = text_of(bytes.first(std::min(bytes.size(), kMaxTextBytes)));
    const std::size_t end = text.find_first_of("\r\n");
    const bool is_cut = end == std::string_view::npos || end + 1 == text.size();
    if (end != std::string_view::npos && text[end] == '\n') return refused();
    if (is_cut) return text.size() == kMaxTextBytes ? refused() : ProxyVerdict{};
    if (text[end + 1] != '\n') return refused();
    const auto header = read_line(text.substr(kTextStart.size(), end - kTextStart.size()));
    return header ? complete(end + 2, *header) : refused();
}

// -------------------------------------------------------------------------------------------- version 2:
// binary

std::uint16_t word_at(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}

// RFC 4960, appendix B: CRC32c, least significant bit first.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t index = 0; index < table.size(); ++index) {
        std::uint32_t value = index;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1U) != 0 ? value >> 1U ^ 0x82f63b78U : value >> 1U;
        table[index] = value;
    }
    return table;
}

// As if the four bytes at `zeroed` were 0.
std::uint32_t crc32c(Bytes bytes, std::size_t zeroed) {
    static constexpr auto kTable = make_crc_table();
    std::uint32_t crc = 0xffffffffU;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const std::uint8_t byte = at - zeroed < 4 ? std::uint8_t{0} : bytes[at];
        crc = kTable[(crc ^ byte) & 0xffU] ^ crc >> 8U;
    }
    return ~crc;
}

// What a proxy adds behind the addresses: type, length and value, again and again. Only the sum is looked at.
bool are_additions_good(Bytes whole, std::size_t at) {
    constexpr std::uint8_t kCrc32c = 3;
    bool has_sum = false;
    while (at < whole.size()) {
        if (whole.size() - at < 3) return false;
        const std::size_t size = word_at(whole, at + 1);
        const std::size_t value = at + 3;
        if (whole.size() - value < size) return false;
        if (whole[at] == kCrc32c) {
            if (size != 4 || std::exchange(has_sum, true)) return false;
            const std::uint32_t said =
                std::uint32_t{word_at(whole, value)} << 16U | word_at(whole, value + 2);
            if (crc32c(whole, value) != said) return false;
        }
        at = value + size;
    }
    return true;
}

enum class Family : std::uint8_t { kUnspecified = 0, kV4, kV6, kUnix };
enum class Transport : std::uint8_t { kUnspecified = 0, kStream, kDatagram };

// Source and target address, then both ports where there are any.
std::size_t addresses_size(Family family) {
    constexpr std::array<std::size_t, 4> kSizes = {0, 12, 36, 216};
    return kSizes[static_cast<std::size_t>(family)];
}

ProxyHeader client_of(Bytes addresses, Family family) {
    if (family == Family::kV4) return from(IpAddress::v4(addresses.first<4>()), word_at(addresses, 8));
    if (family == Family::kV6) return from(IpAddress::v6(addresses.first<16>()), word_at(addresses, 32));
    return {ProxyHeader::Source::kClient, {}};
}

ProxyVerdict read_binary(Bytes bytes) {
    if (bytes.size() < kFixedBytes) return {};
    constexpr std::uint8_t kLocal = 0x20;
    constexpr std::uint8_t kProxy = 0x21;
    const std::uint8_t command = bytes[12];
    if (command != kLocal && command != kProxy) return refused();
    const std::size_t size = kFixedBytes + word_at(bytes, 14);
    if (size > kMaxProxyHeaderBytes) return refused();
    if (bytes.size() < size) return {};
    if (command == kLocal) return complete(size, {ProxyHeader::Source::kProxy, {}});
    const auto family = static_cast<Family>(bytes[13] >> 4U);
    const auto transport = static_cast<Transport>(bytes[13] & 0xfU);
    if (family > Family::kUnix || transport > Transport::kDatagram) return refused();
    const std::size_t addresses_end = kFixedBytes + addresses_size(family);
    if (addresses_end > size || !are_additions_good(bytes.first(size), addresses_end)) return refused();
    // No datagram became this connection.
    if (family == Family::kUnspecified || transport != Transport::kStream) return complete(size, {});
    return complete(size, client_of(bytes.subspan(kFixedBytes), family));
}

ProxyBeginning beginning(std::string_view bytes, std::string_view start) {
    if (bytes.starts_with(start)) return ProxyBeginning::kYes;
    return start.starts_with(bytes) ? ProxyBeginning::kMaybe : ProxyBeginning::kNo;
}

}  // namespace

ProxyBeginning proxy_beginning(Bytes bytes) noexcept {
    // They differ in their first byte.
    return std::max(beginning(text_of(bytes), kTextStart), beginning(text_of(bytes), kBinaryStart));
}

ProxyVerdict read_proxy_header(Bytes bytes, ProxyProtocol accepted) noexcept {
    const ProxyBeginning text = beginning(text_of(bytes), kTextStart);
    const ProxyBeginning binary = beginning(text_of(bytes), kBinaryStart);
    if (text == ProxyBeginning::kYes) return accepted == ProxyProtocol::kV2 ? refused() : read_text(bytes);
    if (binary == ProxyBeginning::kYes)
        return accepted == ProxyProtocol::kV1 ? refused() : read_binary(bytes);
    return std::max(text, binary) == ProxyBeginning::kMaybe ? ProxyVerdict{} : refused();
}

ProxyPreface::State ProxyPreface::take(Bytes bytes) {
    const std::size_t before = held_.size();
    held_.append(text_of(bytes));
    taken_ = bytes.size();
    const ProxyBeginning beginning = proxy_beginning(held());
    if (beginning == ProxyBeginning::kMaybe) return State::kNeedMore;
    if (beginning == ProxyBeginning::kNo) {
        taken_ = 0;
        held_.resize(before);
        return is_trusted_ ? State::kMissing : State::kDirect;
    }
    if (!is_trusted_) return State::kUntrusted;
    const ProxyVerdict verdict = read_proxy_header(held(), accepted_);
    if (verdict.state == ProxyVerdict::State::kNeedMore) return State::kNeedMore;
    if (verdict.state == ProxyVerdict::State::kRefused) return State::kMalformed;
    header_ = verdict.header;
    taken_ = verdict.size - before;
    return State::kAccepted;
}

}  // namespace streamhost::net
