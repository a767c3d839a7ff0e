#pragma once

#include <memory>

#include "net/forwarded.hpp"
#include "net/ip_address.hpp"
#include "net/proxy_header.hpp"

namespace streamhost::net {

/// Whom one listener believes when it says who its clients are, and how it says so. Immutable: a change is a
/// new one, which connections that come from then on get. [any]
struct ProxyRules {
    ProxyProtocol protocol = ProxyProtocol::kOff;
    ForwardedHeaders headers = ForwardedHeaders::kXForwarded;
    AddressList trusted;
};
using ProxyRulesPtr = std::shared_ptr<const ProxyRules>;  // nullptr: nobody is believed

}  // namespace streamhost::net
