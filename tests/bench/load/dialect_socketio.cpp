// Socket.IO 5 on Engine.IO 4, over WebSocket from the first byte: events with a name, as the server of
// tests/bench/peers knows them.
#include "dialect.hpp"
#include "failure.hpp"

namespace streamhost::load {
namespace {

class SocketIo final : public Dialect {
public:
    explicit SocketIo(const Place& place) : place_(place) {}

    void aim(Target& target) const override { target.path = "/socket.io/?EIO=4&transport=websocket"; }
    std::string opening() override { return "40"; }

    void hear(std::string_view message, Heard& heard) override {
        constexpr std::string_view kText = R"(42["text",")";
        if (message.starts_with(kText) && message.ends_with("\"]")) {
            heard.texts.push_back(message.substr(kText.size(), message.size() - kText.size() - 2));
        } else if (message == "2") {
            heard.answer = "3";
        } else if (message.starts_with("40")) {
            if (place_.role == Role::kReader) heard.answer = event("420", "sub", place_.channel) + "]";
            heard.is_ready = place_.role != Role::kReader;
        } else if (message.starts_with("430")) {
            heard.is_ready = true;
        } else if (!message.starts_with("0{")) {
            throw Failure("Socket.IO said " + std::string(message.substr(0, 200)));
        }
    }

    // Nothing in the texts needs escaping.
    std::string publish(std::uint64_t channel, std::string_view text) override {
        const char* const name = place_.role == Role::kEcho ? "echo" : "pub";
        return event("42", name, channel).append(",\"").append(text).append("\"]");
    }

private:
    static std::string event(std::string_view kind, std::string_view name, std::uint64_t channel) {
        std::string text(kind);
        return text.append("[\"").append(name).append("\",").append(std::to_string(channel));
    }

    Place place_;
};

}  // namespace

std::unique_ptr<Dialect> make_socketio(const Place& place) { return std::make_unique<SocketIo>(place); }

}  // namespace streamhost::load
