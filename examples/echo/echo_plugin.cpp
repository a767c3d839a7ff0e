// The smallest useful plugin: every WebSocket message comes back as it came, text and binary, and every POST.
#include <string>

#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"
#include "streamhost/websocket.hpp"

namespace {

using streamhost::Config;
using streamhost::Connection;

struct Nothing {};

class Echo : public streamhost::Plugin, private streamhost::WebSocketHandler<Nothing> {
public:
    using Plugin::Plugin;

    void configure(const Config& config) override { path_ = config.string("path"); }

    void start() override {
        serve(host(), {.heartbeat_ms = 25'000, .path = path_.c_str(), .max_message_bytes = 16u << 20});
        routes_.add(host(),
                    {.listeners = SH_LISTENER_PUBLIC,
                     .method = "POST",
                     .path = path_.c_str(),
                     .max_body_bytes = 1u << 20},
                    [](const streamhost::HttpRequest& request) {
                        return streamhost::HttpResponse{200, {}, std::string(request.body())};
                    });
    }

private:
    std::unique_ptr<Nothing> open(void*, Connection, const streamhost::OpenInfo&) override {
        return std::make_unique<Nothing>();
    }

    void message(void*, Nothing&, Connection connection, bool binary, std::string_view data) override {
        binary ? connection.send_binary(data) : connection.send_text(data);
    }

    std::string path_;
    streamhost::HttpRoutes routes_;
};

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "path": {"type": "string", "default": "/echo", "pattern": "^/", "description": "Where the echo answers"}
  }
})";

}  // namespace

STREAMHOST_PLUGIN(Echo,
                  {.name = "echo", .version = "1.0.0", .summary = "Returns every message", .schema = kSchema})
