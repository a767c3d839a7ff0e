#include "greeted.hpp"

#include <utility>

namespace streamhost::load {

void use_protocol(Target& target) {
    target.path = "/v1/ws";
    target.subprotocol = "streamhost.v1.json";
}

Greeted::Greeted(Loop& loop, Target target, std::uint32_t count, std::uint32_t first_number,
                 std::string session_prefix)
    : Crowd(loop, std::move(target), count, first_number),
      session_prefix_(std::move(session_prefix)),
      stages_(count, Stage::kHello) {}

std::string Greeted::session_of(const Connection& connection) const {
    return session_prefix_ + std::to_string(connection.number());
}

void Greeted::opened(Connection& connection) { connection.send_text(hello(session_of(connection))); }

void Greeted::message(Connection& connection, std::string_view text) {
    const ServerFrame& got = reader_.read(text);
    Stage& stage = stages_[index_of(connection)];
    switch (stage) {
    case Stage::kHello:
        if (got.type != FrameType::kWelcome) return frame(connection, got);
        stage = Stage::kReplay;
        return;
    case Stage::kReplay:
        if (got.type != FrameType::kCaughtUp || got.stream != session_of(connection)) return;
        stage = Stage::kGreeted;
        return greeted(connection);
    case Stage::kGreeted: return frame(connection, got);
    }
}

void Greeted::frame(Connection& connection, const ServerFrame& frame) {
    throw Failure("connection " + std::to_string(connection.number()) +
                  " got a frame that nobody asked for: " + std::string(frame.type_name));
}

}  // namespace streamhost::load
