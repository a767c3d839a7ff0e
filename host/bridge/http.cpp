#include <string_view>

#include "bridge/extensions.hpp"
#include "bridge/http_job.hpp"
#include "bridge/transport_hub.hpp"

namespace streamhost::bridge {

namespace {

constexpr std::uint32_t kDefaultTimeoutMs = 10'000;

sh_status add_route(const sh_host* host, const sh_http_route* wanted, sh_http_handler handler, void* self,
                    sh_handle* out) {
    if (!runtime::check_role(runtime::Role::control, "http.add_route")) return SH_WRONG_ROLE;
    std::string_view path = wanted->path == nullptr ? "" : wanted->path;
    auto route = std::make_shared<HttpRoute>();
    route->is_prefix = path.ends_with("/*");
    if (route->is_prefix) path.remove_suffix(1);
    route->instance = control::Instance::of(host).shared_from_this();
    route->path = path;
    route->methods = methods_of(wanted->method == nullptr ? "" : wanted->method);
    route->listeners = wanted->listeners;
    route->max_body_bytes = wanted->max_body_bytes;
    route->timeout_ms = wanted->timeout_ms == 0 ? kDefaultTimeoutMs : wanted->timeout_ms;
    route->handler = handler;
    route->self = self;
    if (path.empty() || path.front() != '/' || route->methods == 0 || route->listeners == 0 ||
        handler == nullptr)
        return SH_INVALID;
    return house_of(host).transport->add_http(std::move(route), out);
}

}  // namespace

net::HttpMethods methods_of(std::string_view name) {
    using net::HttpMethod;
    if (name == "GET") return HttpMethod::kGet | HttpMethod::kHead;
    if (name == "POST") return net::only(HttpMethod::kPost);
    if (name == "PUT") return net::only(HttpMethod::kPut);
    if (name == "PATCH") return net::only(HttpMethod::kPatch);
    if (name == "DELETE") return net::only(HttpMethod::kDelete);
    if (name == "OPTIONS") return net::only(HttpMethod::kOptions);
    return 0;
}

const sh_http_ext& http_table() {
    static constexpr sh_http_ext kTable = {sizeof(sh_http_ext), 0, &add_route};
    return kTable;
}

}  // namespace streamhost::bridge
