#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "contents.hpp"

namespace streamhost::load {

enum class Role : std::uint8_t { kReader = 1, kPublisher, kEcho };

// What a message from the server came to.
struct Heard {
    std::vector<std::string_view> texts;  // what somebody published, in order; views until the next hear()
    std::string answer;                   // goes back to the server unless it is empty
    bool is_ready = false;                // nothing of the set-up is left

    void clear() noexcept {
        texts.clear();
        answer.clear();
        is_ready = false;
    }
};

// One connection to a server of some kind, in that server's own words: how it subscribes, publishes, and what
// it is told. No I/O, so that the scenarios are the same for all of them. Throws Failure on what no such
// server may say.
class Dialect {
public:
    virtual ~Dialect() = default;

    virtual void aim(Target& target) const = 0;  // path and subprotocol
    // What is said when the connection is there, again when it comes back; empty: nothing, and the set-up is
    // done when a ping was answered.
    [[nodiscard]] virtual std::string opening() { return {}; }
    virtual void hear(std::string_view message, Heard& heard) = 0;
    [[nodiscard]] virtual std::string publish(std::uint64_t channel, std::string_view text) = 0;

    [[nodiscard]] virtual bool is_binary() const { return false; }
    // After opening() a second time it goes on where it stood, without a gap.
    [[nodiscard]] virtual bool resumes() const { return false; }
};

struct Place {
    Role role = Role::kReader;
    std::uint64_t number = 0;      // of the connection, among all of them
    std::uint64_t channel = 0;     // of a reader; the first one of a publisher
    std::uint64_t publishers = 1;  // every so many channels are one publisher's
};

[[nodiscard]] const std::vector<std::string>& dialect_names();
[[nodiscard]] std::unique_ptr<Dialect> make_dialect(const std::string& name, const Place& place,
                                                    Contents& contents);

[[nodiscard]] std::unique_ptr<Dialect> make_nats(const Place& place);
[[nodiscard]] std::unique_ptr<Dialect> make_mqtt(const Place& place);
[[nodiscard]] std::unique_ptr<Dialect> make_socketio(const Place& place);
[[nodiscard]] std::unique_ptr<Dialect> make_streamhost(const Place& place, Contents& contents);

}  // namespace streamhost::load
