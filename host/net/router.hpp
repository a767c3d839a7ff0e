#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace streamhost::net {

// The problem: plugins add and take back paths while requests come in, and a request that finds nothing must
// learn which of two mistakes it made. A Router is the table of one listener: built [control], then read by
// [loop]s as an immutable snapshot; a change builds a new one. Paths are compared as bytes, undecoded and
// with case, after the head parser has refused dot segments. An exact path goes before any prefix, a longer
// prefix before a shorter one; what is more specific decides alone, so a wrong method there is 405 even if a
// shorter prefix would take it. Not thread-safe while add() runs.

enum class HttpMethod : std::uint8_t {
    kGet = 1,
    kHead = 2,
    kPost = 4,
    kPut = 8,
    kPatch = 16,
    kDelete = 32,
    kOptions = 64
};
using HttpMethods = std::uint8_t;  // an OR of HttpMethod

[[nodiscard]] constexpr HttpMethods operator|(HttpMethod a, HttpMethod b) noexcept {
    return static_cast<HttpMethods>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr HttpMethods operator|(HttpMethods a, HttpMethod b) noexcept {
    return static_cast<HttpMethods>(a | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr HttpMethods only(HttpMethod method) noexcept {
    return static_cast<HttpMethods>(method);
}

enum class PathMatch : std::uint8_t {
    kExact = 1,
    kPrefix
};  // kPrefix: the path ends in '/', and everything below it matches

struct Route {
    std::string_view path;
    PathMatch match = PathMatch::kExact;
    HttpMethods methods = only(HttpMethod::kGet);
    void* handler =
        nullptr;  // the router never looks inside; the caller keeps it alive as long as the router
};

enum class RouteAdd : std::uint8_t { kAdded = 1, kBadPath, kNoMethod, kTaken };

struct RouteResult {
    int status = 404;         // 200, 404, 405 or 501 (a method that no route could ever name)
    void* handler = nullptr;  // 200
    std::string_view rest{};  // 200 by prefix: the path below the prefix
    HttpMethods allowed = 0;  // 405
};

class Router {
public:
    [[nodiscard]] RouteAdd add(const Route& route);
    [[nodiscard]] RouteResult find(std::string_view method, std::string_view path) const;

private:
    // Few routes share a path, so a slot per method bit is smaller and faster than any second map.
    struct Handlers {
        HttpMethods methods = 0;
        void* by_bit[7] = {};
    };
    using Table = std::map<std::string, Handlers, std::less<>>;
    [[nodiscard]] static RouteResult pick(const Handlers& handlers, HttpMethods method,
                                          std::string_view rest);

    Table exact_;
    Table prefix_;
};

// "GET, POST" for the Allow field.
[[nodiscard]] std::string allow_list(HttpMethods methods);

}  // namespace streamhost::net
