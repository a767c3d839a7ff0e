#include "telemetry.hpp"

#include <array>

#include "errors.hpp"
#include "request.hpp"

namespace gateway {

namespace {

// In the order of Request::body.
constexpr std::array kTypes = {"refused", "hello",   "subscribe", "unsubscribe", "send",  "cancel",
                               "history", "refresh", "append",    "claim",       "renew", "ping"};
static_assert(kTypes.size() == std::variant_size_v<decltype(Request::body)>);

}  // namespace

Telemetry::Telemetry(const streamhost::Host& host) {
    for (const char* type : kTypes)
        requests_.push_back(host.counter("requests_total", "Messages of clients by type", {{"type", type}}));
    for (const std::string_view code : kErrorCodes)
        errors_[code] = host.counter("request_errors_total", "Requests answered with an error",
                                     {{"code", std::string(code).c_str()}});
    open_ = host.gauge("clients", "Connections that said hello");
    degraded_ =
        host.counter("degraded_welcomes_total", "Clients that were welcomed while the store was away");
}

void Telemetry::error(std::string_view code) const {
    if (const auto found = errors_.find(code); found != errors_.end()) found->second.add();
}

}  // namespace gateway
