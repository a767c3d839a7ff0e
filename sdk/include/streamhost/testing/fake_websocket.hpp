// The WebSocket side of a host for unit tests: connections without sockets, on one thread.
//
//     FakeHost host;
//     FakeWebSocket sockets(host);
//     host.create<Chat>(); ... host.start();
//     const sh_connection client = sockets.open("/chat");
//     sockets.say(client, "hello");
//     host.run();
//     EXPECT_EQ(sockets.peer(client).frames.back(), "hello");
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/websocket.h"
#include "streamhost/testing/fake_host.hpp"

namespace streamhost::testing {

// Keeps the host's promises: a paused connection is not read, `closed` comes once and last, nothing is called
// from inside a call. Close all (leave_all) before the plugin is destroyed.
class FakeWebSocket {
public:
    struct Peer {
        std::vector<std::string> frames;  // what the plugin sent
        // In order: "send <frame>", "pause", "resume", "hold", "release", "close <code>", "closed".
        std::vector<std::string> events;
        bool is_open = true;
        std::uint32_t close_code = 0;  // of the plugin, 0: it did not close
        std::string close_reason;
        int paused = 0;
        int held = 0;
        std::size_t unread = 0;  // messages that wait for resume
    };

    explicit FakeWebSocket(FakeHost& host) : host_(host) {
        table_.ext.struct_size = sizeof(table_.ext);
        table_.ext.add_route = &add_route;
        table_.ext.send = [](sh_connection id, std::uint8_t, const sh_bytes* pieces, std::uint32_t count) {
            Line* line = find(id);
            if (line == nullptr || line->closing) return static_cast<sh_status>(SH_GONE);
            std::string frame;
            for (std::uint32_t index = 0; index < count; ++index)
                frame += view(pieces[index]);
            line->peer.events.push_back("send " + frame);
            line->peer.frames.push_back(std::move(frame));
            return static_cast<sh_status>(SH_OK);
        };
        table_.ext.close = [](sh_connection id, std::uint32_t code, sh_bytes reason) {
            Line* line = find(id);
            if (line == nullptr || line->closing) return;
            line->peer.close_code = code;
            line->peer.close_reason = view(reason);
            line->peer.events.push_back("close " + std::to_string(code));
            line->owner->end(id, code);
        };
        table_.ext.pause = [](sh_connection id) { count(id, "pause", &Peer::paused, 1); };
        table_.ext.resume = [](sh_connection id) {
            count(id, "resume", &Peer::paused, -1);
            if (Line* line = find(id)) line->owner->read_later(id);
        };
        table_.ext.hold_streams = [](sh_connection id) { count(id, "hold", &Peer::held, 1); };
        table_.ext.release_streams = [](sh_connection id) { count(id, "release", &Peer::held, -1); };
        table_.self = this;
        host.extend(SH_EXT_WEBSOCKET, &table_.ext);
    }
    FakeWebSocket(const FakeWebSocket&) = delete;
    FakeWebSocket& operator=(const FakeWebSocket&) = delete;
    ~FakeWebSocket() {
        for (const auto& [id, owned] : lines_)
            lines().erase(id);
    }

    // A connection on `loop`; the upgrade's header fields as the plugin will ask for them.
    sh_connection open(const std::string& path, std::uint32_t loop = 0,
                       const std::map<std::string, std::string>& headers = {}) {
        Route& route = routes_.at(path);
        const sh_connection id = (static_cast<sh_connection>(loop) << 56) | ++last_id_;
        Line& line = *(lines_[id] = std::make_unique<Line>());
        line.owner = this;
        line.route = &route;
        line.loop = host_.loop_context(loop);
        lines()[id] = &line;
        sh_websocket_open info{};
        info.struct_size = sizeof(info);
        info.path = bytes(path);
        info.peer = bytes("127.0.0.1:40000");
        info.self = &headers;
        info.header = [](const sh_websocket_open* asked, const char* name, sh_bytes* out) -> sh_status {
            const auto& fields = *static_cast<const std::map<std::string, std::string>*>(asked->self);
            const auto found = fields.find(name);
            if (found == fields.end()) return SH_NOT_FOUND;
            *out = bytes(found->second);
            return SH_OK;
        };
        line.context = route.handler.open(route.handler.self, line.loop, id, &info);
        return id;
    }
    // What the client sends; read at the next run() of the host, unless the connection is paused.
    void say(sh_connection id, std::string text, bool is_binary = false) {
        Line& line = *lines_.at(id);
        line.inbox.emplace_back(is_binary, std::move(text));
        line.peer.unread = line.inbox.size();
        read_later(id);
    }
    // The client goes, without a word.
    void leave(sh_connection id) { end(id, 1006); }
    void leave_all() {
        for (const auto& [id, line] : lines_)
            leave(id);
        host_.run();
    }
    // The node drains.
    void drain(sh_connection id, std::uint32_t reconnect_after_ms) {
        Line& line = *lines_.at(id);
        if (line.route->handler.drain != nullptr)
            line.route->handler.drain(line.route->handler.self, line.loop, line.context, id,
                                      reconnect_after_ms);
    }
    // Also of a connection that is gone.
    [[nodiscard]] const Peer& peer(sh_connection id) const { return lines_.at(id)->peer; }
    [[nodiscard]] const sh_websocket_route& route(const std::string& path) const {
        return routes_.at(path).declared;
    }

private:
    // The C function gets the host only; the table that this host hands out leads back to us.
    struct Table {
        sh_websocket_ext ext{};
        FakeWebSocket* self = nullptr;
    };
    struct Route {
        sh_websocket_route declared{};
        sh_websocket_handler handler{};
    };
    struct Line {
        FakeWebSocket* owner = nullptr;
        Route* route = nullptr;
        void* loop = nullptr;
        void* context = nullptr;
        bool closing = false;
        std::deque<std::pair<bool, std::string>> inbox;
        Peer peer;
    };

    // The functions on a connection get no host at all.
    static std::map<sh_connection, Line*>& lines() {
        static std::map<sh_connection, Line*> all;
        return all;
    }
    static Line* find(sh_connection id) {
        const auto found = lines().find(id);
        return found == lines().end() || !found->second->peer.is_open ? nullptr : found->second;
    }
    static void count(sh_connection id, const char* what, int Peer::*number, int change) {
        Line* line = find(id);
        if (line == nullptr) return;
        line->peer.*number += change;
        line->peer.events.emplace_back(what);
    }
    static sh_status add_route(const sh_host* host, const sh_websocket_route* route,
                               const sh_websocket_handler* handler, sh_handle* out) {
        auto& routes = static_cast<const Table*>(host->extension(host, SH_EXT_WEBSOCKET))->self->routes_;
        if (!routes.try_emplace(route->path, Route{*route, *handler}).second) return SH_CONFLICT;
        *out = routes.size();
        return SH_OK;
    }
    void read_later(sh_connection id) {
        host_.post(SH_ON_LOOP(SH_CONNECTION_LOOP(id)), [this, id] { read(id); });
    }
    void read(sh_connection id) {
        Line& line = *lines_.at(id);
        if (line.inbox.empty() || line.closing || line.peer.paused > 0) return;
        const auto [is_binary, text] = std::move(line.inbox.front());
        line.inbox.pop_front();
        line.peer.unread = line.inbox.size();
        line.route->handler.message(line.route->handler.self, line.loop, line.context, id, is_binary ? 1 : 0,
                                    bytes(text));
        if (!line.inbox.empty()) read_later(id);
    }
    void end(sh_connection id, std::uint32_t code) {
        Line& line = *lines_.at(id);
        if (line.closing) return;
        line.closing = true;
        host_.post(SH_ON_LOOP(SH_CONNECTION_LOOP(id)), [&line, id, code] {
            line.peer.is_open = false;
            line.peer.events.emplace_back("closed");
            const auto& handler = line.route->handler;
            handler.closed(handler.self, line.loop, line.context, id, code, {});
        });
    }

    FakeHost& host_;
    Table table_;
    std::map<std::string, Route> routes_;
    std::map<sh_connection, std::unique_ptr<Line>> lines_;
    // Of all fakes of the process: a number must mean one connection.
    inline static std::uint64_t last_id_ = 0;
};

}  // namespace streamhost::testing
