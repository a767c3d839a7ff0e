#include "crowd.hpp"

#include <utility>

namespace streamhost::load {

Crowd::Crowd(Loop& loop, Target target, std::uint32_t count, std::uint32_t first_number)
    : loop_(loop), target_(std::move(target)), first_number_(first_number) {
    connections_.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index)
        connections_.push_back(std::make_unique<Connection>(loop_, *this, first_number + index));
}

void Crowd::open_all(std::int64_t seconds) {
    while (started_ < size() && started_ < kAtOnce)
        open_next();
    wait_for(
        loop_, seconds, [this] { return ready_ == size(); },
        [this] {
            return std::to_string(ready_) + " of " + std::to_string(size()) + " connections are ready";
        });
}

void Crowd::ready(Connection&) {
    ++ready_;
    if (started_ < size()) open_next();
}

void Crowd::open_next() {
    const std::uint32_t index = started_++;
    at(index).open(target_of(index));
}

void Crowd::abort_all() {
    for (const auto& connection : connections_)
        connection->abort();
}

void Crowd::message(Connection& connection, std::string_view text) {
    throw Failure("connection " + std::to_string(connection.number()) +
                  " got a message that nobody asked for: " + std::string(text.substr(0, 200)));
}

}  // namespace streamhost::load
