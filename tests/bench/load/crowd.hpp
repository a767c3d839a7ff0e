#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"
#include "failure.hpp"
#include "loop.hpp"
#include "pace.hpp"

namespace streamhost::load {

// Turns the loop until `done()`; throws Failure, with what is missing, when `seconds` are over first.
template <typename Done, typename Missing>
void wait_for(Loop& loop, std::int64_t seconds, Done done, Missing missing) {
    const std::int64_t until_ns = now_ns() + seconds * kSecond;
    while (!done()) {
        if (now_ns() > until_ns)
            throw Failure("after " + std::to_string(seconds) + " s: " + std::string(missing()));
        loop.turn(until_ns);
    }
}

// Many connections to one place, opened a few at a time: a listen queue that overflows would turn a set-up of
// milliseconds into retransmissions of seconds.
class Crowd : public Connection::Events {
public:
    static constexpr std::uint32_t kAtOnce = 64;

    Crowd(Loop& loop, Target target, std::uint32_t count, std::uint32_t first_number = 0);

    // Returns when every connection has called ready().
    void open_all(std::int64_t seconds = 60);
    void abort_all();
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(connections_.size());
    }
    [[nodiscard]] Connection& at(std::uint32_t index) { return *connections_[index]; }

protected:
    ~Crowd() = default;
    // Once per connection, when nothing of its set-up is left. By default as soon as it is upgraded.
    void ready(Connection& connection);
    void opened(Connection& connection) override { ready(connection); }
    [[nodiscard]] virtual Target target_of(std::uint32_t) const { return target_; }
    void message(Connection& connection, std::string_view text) override;
    [[nodiscard]] Loop& loop() noexcept { return loop_; }
    [[nodiscard]] std::uint32_t index_of(const Connection& connection) const noexcept {
        return connection.number() - first_number_;
    }

private:
    void open_next();

    Loop& loop_;
    Target target_;
    std::uint32_t first_number_;
    std::uint32_t started_ = 0;
    std::uint32_t ready_ = 0;
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace streamhost::load
