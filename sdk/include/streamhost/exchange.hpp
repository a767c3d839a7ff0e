// Exchanges in C++: requests that are answered on their loop, now or later, whole or as a stream of events.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/exchange.h"
#include "streamhost/host.hpp"
#include "streamhost/http.hpp"

namespace streamhost {

// A request under way; a number with a table, cheap to copy. Calls on one whose client is gone answer SH_GONE
// or do nothing.
class Exchange {
public:
    Exchange() = default;
    Exchange(const sh_exchange_ext* ext, sh_connection id) : ext_(ext), id_(id) {}

    [[nodiscard]] sh_connection id() const noexcept { return id_; }
    [[nodiscard]] sh_target loop() const noexcept { return SH_ON_LOOP(SH_CONNECTION_LOOP(id_)); }

    // The whole answer. [loop of the connection]
    sh_status answer(const HttpResponse& response) const {
        const auto fields = fields_of(response);
        return ext_->answer(id_, response.status, fields.data(), static_cast<std::uint32_t>(fields.size()),
                            bytes(response.body));
    }
    // Events follow; fields of `response` come along. [loop of the connection]
    sh_status begin(const HttpResponse& response = {}) const {
        const auto fields = fields_of(response);
        return ext_->begin(id_, fields.data(), static_cast<std::uint32_t>(fields.size()));
    }
    // SH_BUSY: its queue is over the limit and it is being closed. [loop of the connection]
    sh_status send(std::string_view events) const { return ext_->send(id_, bytes(events)); }
    void end(std::uint32_t code, std::string_view reason) const {
        ext_->end(id_, code, bytes(reason));
    }  // [any]

private:
    static std::vector<sh_http_field> fields_of(const HttpResponse& response) {
        std::vector<sh_http_field> fields;
        for (const auto& [name, value] : response.headers)
            fields.push_back({name.c_str(), bytes(value)});
        return fields;
    }
    const sh_exchange_ext* ext_ = nullptr;
    sh_connection id_ = 0;
};

// Derive from this; Context is what you keep per request (it dies with the exchange), Loop what your
// loop_start() returned. All functions run on the connection's loop and must not block; N loops call at once.
template <typename Context, typename Loop = void>
class ExchangeHandler {
public:
    ExchangeHandler() = default;
    ExchangeHandler(const ExchangeHandler&) = delete;
    ExchangeHandler& operator=(const ExchangeHandler&) = delete;
    virtual ~ExchangeHandler() = default;

    // May answer at once; without a context it has to.
    virtual std::unique_ptr<Context> open(Loop* loop, Exchange exchange, bool wants_stream,
                                          const HttpRequest& request) = 0;
    virtual void drain(Loop* /*loop*/, Context& /*context*/, Exchange /*exchange*/,
                       std::uint32_t /*reconnect_after_ms*/) {}

    // Registers this object for one more path; it must outlive the plugin's stop(). Throws Failure when the
    // path is taken. [control]
    void serve(const Host& host, sh_exchange_route route) {
        host_ = &host;
        ext_ = host.require<sh_exchange_ext>(SH_EXT_EXCHANGE);
        route.struct_size = sizeof(route);
        const sh_exchange_handler table = {sizeof(table), 0, this, &on_open, &on_closed, &on_drain};
        sh_handle handle = 0;
        if (const sh_status status = ext_->add_route(host.raw(), &route, &table, &handle); status != SH_OK)
            throw Failure(status, std::string("the route ") + route.path + " is taken by another plugin");
    }

private:
    static ExchangeHandler& of(void* self) { return *static_cast<ExchangeHandler*>(self); }
    [[nodiscard]] Exchange exchange(sh_connection id) const { return {ext_, id}; }

    // What a handler throws costs its client the answer, nobody else.
    template <typename Body>
    void barrier(sh_connection id, Body&& body) noexcept {
        Caught error;
        if (guard(&error, body) == SH_OK) return;
        guard(nullptr, [&] {
            host_->error("exception in a handler of exchanges", {{"what", error.text}});
            if (ext_->answer(id, 500, nullptr, 0, {}) == SH_CONFLICT)
                ext_->end(id, 1011, bytes("internal error"));
        });
    }
    static void* on_open(void* self, void* loop, sh_connection id, std::uint32_t kind,
                         const sh_http_request* request) noexcept {
        std::unique_ptr<Context> context;
        of(self).barrier(id, [&] {
            context = of(self).open(static_cast<Loop*>(loop), of(self).exchange(id),
                                    kind == SH_EXCHANGE_STREAM, HttpRequest(request));
        });
        return context.release();
    }
    static void on_closed(void* /*self*/, void* /*loop*/, void* context, sh_connection /*id*/,
                          std::uint32_t /*code*/, sh_bytes /*reason*/) noexcept {
        delete static_cast<Context*>(context);
    }
    static void on_drain(void* self, void* loop, void* context, sh_connection id,
                         std::uint32_t reconnect_after_ms) noexcept {
        if (context == nullptr) return;
        of(self).barrier(id, [&] {
            of(self).drain(static_cast<Loop*>(loop), *static_cast<Context*>(context), of(self).exchange(id),
                           reconnect_after_ms);
        });
    }

    const Host* host_ = nullptr;
    const sh_exchange_ext* ext_ = nullptr;
};

}  // namespace streamhost
