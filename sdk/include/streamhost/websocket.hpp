// WebSocket handlers in C++: one object per route, one context per connection, made and destroyed with it.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "streamhost/abi/ext/websocket.h"
#include "streamhost/host.hpp"

namespace streamhost {

// A connection of this node; a number with a table, cheap to copy. Calls on a connection that is gone answer
// SH_GONE or do nothing.
class Connection {
public:
    Connection() = default;
    Connection(const sh_websocket_ext* ext, sh_connection id) : ext_(ext), id_(id) {}

    [[nodiscard]] sh_connection id() const noexcept { return id_; }
    [[nodiscard]] sh_target loop() const noexcept { return SH_ON_LOOP(SH_CONNECTION_LOOP(id_)); }

    // SH_BUSY: its queue is over the limit and it is being closed with 4002. [loop of the connection]
    sh_status send_text(std::string_view text) const { return send(0, text); }
    sh_status send_binary(std::string_view data) const { return send(1, data); }
    void close(std::uint32_t code, std::string_view reason) const {
        ext_->close(id_, code, bytes(reason));
    }                                                             // [any]
    void pause() const { ext_->pause(id_); }                      // [loop]
    void resume() const { ext_->resume(id_); }                    // [loop]
    void hold_streams() const { ext_->hold_streams(id_); }        // [loop]
    void release_streams() const { ext_->release_streams(id_); }  // [loop]

private:
    sh_status send(std::uint8_t binary, std::string_view data) const {
        const sh_bytes piece = bytes(data);
        return ext_->send(id_, binary, &piece, 1);
    }
    const sh_websocket_ext* ext_ = nullptr;
    sh_connection id_ = 0;
};

// What came with the upgrade; for the call only.
class OpenInfo {
public:
    explicit OpenInfo(const sh_websocket_open* info) : info_(info) {}
    [[nodiscard]] std::string_view path() const { return view(info_->path); }
    [[nodiscard]] std::string_view query() const { return view(info_->query); }
    [[nodiscard]] std::string_view subprotocol() const { return view(info_->subprotocol); }
    [[nodiscard]] std::string_view peer() const { return view(info_->peer); }
    // Empty when there is no such header.
    [[nodiscard]] std::string_view header(const char* name) const {
        sh_bytes out{};
        return info_->header(info_, name, &out) == SH_OK ? view(out) : std::string_view();
    }

private:
    const sh_websocket_open* info_;
};

// Derive from this; Context is what you keep per connection (it dies with the connection), Loop what your
// loop_start() returned. All functions run on the connection's loop and must not block; N loops call at once.
template <typename Context, typename Loop = void>
class WebSocketHandler {
public:
    WebSocketHandler() = default;
    WebSocketHandler(const WebSocketHandler&) = delete;
    WebSocketHandler& operator=(const WebSocketHandler&) = delete;
    virtual ~WebSocketHandler() = default;

    virtual std::unique_ptr<Context> open(Loop* loop, Connection connection, const OpenInfo& info) = 0;
    virtual void message(Loop* loop, Context& context, Connection connection, bool binary,
                         std::string_view data) = 0;
    virtual void closed(Loop* /*loop*/, Context& /*context*/, Connection /*connection*/,
                        std::uint32_t /*code*/, std::string_view /*reason*/) {}
    virtual void drain(Loop* /*loop*/, Context& /*context*/, Connection /*connection*/,
                       std::uint32_t /*reconnect_after_ms*/) {}

    // Registers this object, which must outlive the plugin's stop(). Throws Failure when the path is taken.
    // [control]
    void serve(const Host& host, sh_websocket_route route) {
        host_ = &host;
        ext_ = host.require<sh_websocket_ext>(SH_EXT_WEBSOCKET);
        route.struct_size = sizeof(route);
        const sh_websocket_handler table = {
            sizeof(table), 0, this, &on_open, &on_message, &on_closed, &on_drain,
        };
        sh_handle handle = 0;
        if (const sh_status status = ext_->add_route(host.raw(), &route, &table, &handle); status != SH_OK)
            throw Failure(status,
                          std::string("the WebSocket path ") + route.path + " is taken by another plugin");
    }
    [[nodiscard]] Connection connection(sh_connection id) const { return {ext_, id}; }

private:
    static WebSocketHandler& of(void* self) { return *static_cast<WebSocketHandler*>(self); }

    // What a handler throws costs its connection, nobody else's.
    template <typename Body>
    void barrier(sh_connection id, Body&& body) noexcept {
        Caught error;
        if (guard(&error, body) == SH_OK) return;
        guard(nullptr, [&] {
            host_->error("exception in a WebSocket handler", {{"what", error.text}});
            ext_->close(id, 1011, bytes("internal error"));
        });
    }
    static void* on_open(void* self, void* loop, sh_connection id, const sh_websocket_open* info) noexcept {
        std::unique_ptr<Context> context;
        of(self).barrier(id, [&] {
            context = of(self).open(static_cast<Loop*>(loop), of(self).connection(id), OpenInfo(info));
        });
        return context.release();
    }
    static void on_message(void* self, void* loop, void* context, sh_connection id, std::uint8_t binary,
                           sh_bytes data) noexcept {
        if (context == nullptr) return;
        of(self).barrier(id, [&] {
            of(self).message(static_cast<Loop*>(loop), *static_cast<Context*>(context),
                             of(self).connection(id), binary != 0, view(data));
        });
    }
    static void on_closed(void* self, void* loop, void* context, sh_connection id, std::uint32_t code,
                          sh_bytes reason) noexcept {
        const std::unique_ptr<Context> owned(static_cast<Context*>(context));
        if (owned == nullptr) return;
        of(self).barrier(id, [&] {
            of(self).closed(static_cast<Loop*>(loop), *owned, of(self).connection(id), code, view(reason));
        });
    }
    static void on_drain(void* self, void* loop, void* context, sh_connection id,
                         std::uint32_t reconnect_after_ms) noexcept {
        if (context == nullptr) return;
        of(self).barrier(id, [&] {
            of(self).drain(static_cast<Loop*>(loop), *static_cast<Context*>(context), of(self).connection(id),
                           reconnect_after_ms);
        });
    }

    const Host* host_ = nullptr;
    const sh_websocket_ext* ext_ = nullptr;
};

}  // namespace streamhost
