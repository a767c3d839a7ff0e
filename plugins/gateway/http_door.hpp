// The paths of HTTP calls and streams of events: which requests are let in at all, and with which token.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "streamhost/exchange.hpp"

#include "call.hpp"
#include "door.hpp"
#include "origin.hpp"

namespace gateway {

// One per plugin, const after serve(). [loop]
class HttpDoor final : private streamhost::ExchangeHandler<Call, LoopClients> {
public:
    // `cookie`: of which name one may bring the token, or empty.
    HttpDoor(Door& door, OriginRules origins, std::string cookie)
        : door_(door), origins_(std::move(origins)), cookie_(std::move(cookie)) {}

    // [control]
    void serve_all();

private:
    std::unique_ptr<Call> open(LoopClients* loop, streamhost::Exchange exchange, bool wants_stream,
                               const streamhost::HttpRequest& request) override;
    void drain(LoopClients* loop, Call& call, streamhost::Exchange exchange,
               std::uint32_t reconnect_after_ms) override;

    // False, and it was answered.
    [[nodiscard]] bool lets_in(streamhost::Exchange exchange, const streamhost::HttpRequest& request) const;
    [[nodiscard]] bool enters(streamhost::Exchange exchange, Call::Asked& asked) const;
    void refuse(streamhost::Exchange exchange, std::uint32_t status, const Error& error,
                std::string_view allow = "") const;

    Door& door_;
    const OriginRules origins_;
    const std::string cookie_;
};

}  // namespace gateway
