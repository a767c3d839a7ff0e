#pragma once

#include <cstdint>
#include <string_view>

#include "net/http_head.hpp"
#include "net/ip_address.hpp"

namespace streamhost::net {

// The problem: a proxy that speaks HTTP says in header fields for whom it asks, and a client may have written
// the same fields before it. What a trusted proxy adds stands at the end. So these are read from the right,
// as far as each address that says something is trusted; what stands to the left of that was claimed by
// somebody and is not even looked at. Pure, and nothing is allocated.

enum class ForwardedHeaders : std::uint8_t {
    kOff = 1,
    kXForwarded,  ///< X-Forwarded-For, -Proto and -Host
    kForwarded    ///< Forwarded (RFC 7239)
};

/// What is so of one request.
struct Forwarded {
    PeerAddress client;         ///< who asked the first proxy that is trusted
    std::string_view scheme;    ///< "http" or "https", as that client did; empty: nobody says
    std::string_view host;      ///< and which host it asked; empty: nobody says
    bool was_said = false;      ///< there was a field
    bool is_malformed = false;  ///< somebody who is trusted said something that nobody understands
};

/// `peer` is trusted. The views are those of `head`, or of the program.
[[nodiscard]] Forwarded read_forwarded(const HttpHead& head, ForwardedHeaders kind,
                                       const AddressList& trusted, const PeerAddress& peer) noexcept;
/// Whether there is such a field.
[[nodiscard]] bool claims_forwarded(const HttpHead& head, ForwardedHeaders kind) noexcept;

}  // namespace streamhost::net
