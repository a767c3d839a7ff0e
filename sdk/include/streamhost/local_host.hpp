// The problem: any page may give a name of its own the address 127.0.0.1 (DNS rebinding); its browser then
// takes what a loopback listener answers for the page's own. But it says that name in Host. Pure.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <string_view>

#include "streamhost/ascii.hpp"

namespace streamhost {

// Of the value of a Host field or what follows :// in an Origin: "[::1]:8091" is "::1".
[[nodiscard]] inline std::string_view without_port(std::string_view host) {
    if (!host.starts_with('[')) return host.substr(0, host.find(':'));
    return host.substr(1, host.find(']') - 1);
}

// Whether it leads to this machine without anybody's name server: "localhost", or an address of the loopback
// network, with a port or without.
[[nodiscard]] inline bool is_local_host(std::string_view host) {
    const std::string name(without_port(host));
    if (equal_ignoring_case(name, "localhost")) return true;
    in_addr v4{};
    if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, name.c_str(), &v6) == 1 &&
           std::memcmp(&v6, &in6addr_loopback, sizeof(v6)) == 0;
}

}  // namespace streamhost
