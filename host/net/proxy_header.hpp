#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "net/ip_address.hpp"

namespace streamhost::net {

// The problem: behind a proxy that passes connections on as they are, all clients have the proxy's address.
// It says whose connection it is in front of everything else, TLS included (HAProxy's proxy-protocol.txt,
// versions 1 and 2); and so could anybody. All of it free of I/O and clocks.

enum class ProxyProtocol : std::uint8_t { kOff = 1, kV1, kV2, kAny };

/// A header that is longer is refused. Addresses take 232 bytes at most; the rest is for what proxies add.
inline constexpr std::size_t kMaxProxyHeaderBytes = 4'096;

/// What a header says.
struct ProxyHeader {
    enum class Source : std::uint8_t {
        kClient = 1,  ///< `client` is who connected to the proxy
        kProxy,       ///< the proxy itself: a look at how this node is (LOCAL)
        kUnknown      ///< somebody whom the proxy cannot name (UNKNOWN, UNSPEC)
    };
    Source source = Source::kUnknown;
    PeerAddress client;
};

enum class ProxyBeginning : std::uint8_t { kNo = 1, kMaybe, kYes };
/// Whether these first bytes of a connection are those of a header, of either version.
[[nodiscard]] ProxyBeginning proxy_beginning(std::span<const std::uint8_t> bytes) noexcept;

struct ProxyVerdict {
    enum class State : std::uint8_t { kNeedMore = 1, kComplete, kRefused };
    State state = State::kNeedMore;
    std::size_t size = 0;  ///< of a complete header
    ProxyHeader header;
};
/// `bytes` start with the first one of the connection; until the header is complete all of them are its own.
/// What the specification leaves to receivers is refused.
[[nodiscard]] ProxyVerdict read_proxy_header(std::span<const std::uint8_t> bytes,
                                             ProxyProtocol accepted) noexcept;

/// The beginning of a connection to a listener whose proxies speak this protocol. [loop]
class ProxyPreface {
public:
    enum class State : std::uint8_t {
        kNeedMore = 1,
        kAccepted,   ///< header() holds
        kDirect,     ///< no proxy, no header: a client of its own; held() came from it already
        kMissing,    ///< a proxy without a header
        kMalformed,  ///< a proxy, and no header that is accepted here
        kUntrusted   ///< a header of somebody who is no proxy
    };
    ProxyPreface(ProxyProtocol accepted, bool is_trusted) noexcept
        : accepted_(accepted), is_trusted_(is_trusted) {}

    /// `bytes` came next. How many of them are done with says taken(); the others belong to what follows.
    [[nodiscard]] State take(std::span<const std::uint8_t> bytes);
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] const ProxyHeader& header() const noexcept { return header_; }
    [[nodiscard]] std::span<const std::uint8_t> held() const noexcept {
        return {reinterpret_cast<const std::uint8_t*>(held_.data()), held_.size()};
    }
    [[nodiscard]] bool is_trusted() const noexcept { return is_trusted_; }

private:
    ProxyProtocol accepted_;
    bool is_trusted_;
    std::size_t taken_ = 0;
    std::string held_;
    ProxyHeader header_;
};

}  // namespace streamhost::net
