#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/connection.hpp"
#include "net/http_head.hpp"

namespace streamhost::bridge {

/// A request as a plugin asks for its fields: those of its head, and ":scheme" and ":authority" (RFC 9113,
/// 8.3.1; no field of HTTP/1.1 can have such a name): what its client asked with and for, also where a proxy
/// that is trusted asked otherwise. For the call that hands the request on. [loop]
struct HeadFields {
    const net::Connection& connection;
    const net::HttpHead& head;
    const std::string peer = connection.peer();

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const {
        if (name == kScheme) return connection.scheme();
        return name == kAuthority ? connection.host(head) : head.find(name);
    }
    static constexpr std::string_view kScheme = ":scheme";
    static constexpr std::string_view kAuthority = ":authority";
};

}  // namespace streamhost::bridge
