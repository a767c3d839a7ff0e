#include "net/router.hpp"

#include <bit>

#include "net/http_text.hpp"

namespace streamhost::net {
namespace {

constexpr std::string_view kMethodNames[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// Methods are case-sensitive (RFC 9110 9.1).
HttpMethods method_bit(std::string_view name) noexcept {
    HttpMethods bit = 1;
    for (const std::string_view known : kMethodNames) {
        if (name == known) return bit;
        bit = static_cast<HttpMethods>(bit << 1);
    }
    return 0;
}

}  // namespace

RouteAdd Router::add(const Route& route) {
    const bool prefix = route.match == PathMatch::kPrefix;
    if (!route.path.starts_with('/') || !all_chars(route.path, kPathChar)) return RouteAdd::kBadPath;
    if (prefix && !route.path.ends_with('/')) return RouteAdd::kBadPath;
    const auto methods = static_cast<HttpMethods>(route.methods & 0x7f);
    if (methods == 0) return RouteAdd::kNoMethod;
    Handlers& handlers = (prefix ? prefix_ : exact_)[std::string(route.path)];
    if ((handlers.methods & methods) != 0) return RouteAdd::kTaken;
    handlers.methods = static_cast<HttpMethods>(handlers.methods | methods);
    for (unsigned bit = 0; bit < std::size(handlers.by_bit); ++bit) {
        if ((methods >> bit & 1) != 0) handlers.by_bit[bit] = route.handler;
    }
    return RouteAdd::kAdded;
}

RouteResult Router::find(std::string_view method, std::string_view path) const {
    const HttpMethods bit = method_bit(method);
    if (const auto exact = exact_.find(path); exact != exact_.end()) return pick(exact->second, bit, {});
    // Cuts the path back one segment at a time: as many look-ups as it has segments, whatever the number of
    // routes.
    for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos;
         slash = path.rfind('/', slash - 1)) {
        const auto found = prefix_.find(path.substr(0, slash + 1));
        if (found != prefix_.end()) return pick(found->second, bit, path.substr(slash + 1));
        if (slash == 0) break;
    }
    return {};
}

RouteResult Router::pick(const Handlers& handlers, HttpMethods method, std::string_view rest) {
    if (method == 0) return {.status = 501};
    if ((handlers.methods & method) == 0) return {.status = 405, .allowed = handlers.methods};
    return {.status = 200, .handler = handlers.by_bit[std::countr_zero(method)], .rest = rest};
}

std::string allow_list(HttpMethods methods) {
    std::string list;
    for (const std::string_view name : kMethodNames) {
        if ((method_bit(name) & methods) == 0) continue;
        if (!list.empty()) list += ", ";
        list += name;
    }
    return list;
}

}  // namespace streamhost::net
