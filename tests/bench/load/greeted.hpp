#pragma once

#include <string>

#include "crowd.hpp"
#include "frames.hpp"

namespace streamhost::load {

void use_protocol(Target& target);

// Connections of protocol 1, each with a session of its own: hello, welcome, and the replay of the session's
// stream, of which there is none. Then greeted(), by default the end of the set-up.
class Greeted : public Crowd {
public:
    Greeted(Loop& loop, Target target, std::uint32_t count, std::uint32_t first_number,
            std::string session_prefix = "load-");

protected:
    ~Greeted() = default;
    virtual void greeted(Connection& connection) { ready(connection); }
    virtual void frame(Connection& connection, const ServerFrame& frame);

private:
    enum class Stage : std::uint8_t { kHello = 1, kReplay, kGreeted };

    void opened(Connection& connection) final;
    void message(Connection& connection, std::string_view text) final;
    [[nodiscard]] std::string session_of(const Connection& connection) const;

    std::string session_prefix_;
    std::vector<Stage> stages_;
    FrameReader reader_;
};

}  // namespace streamhost::load
