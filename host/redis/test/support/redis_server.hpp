#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include "support/redis_process.hpp"

namespace streamhost::redis {

// The Redis server of a test program: with one database and nothing on disk, and a connection that stays.
// Throws std::runtime_error when it cannot be had, or does not answer.
class RedisServer {
public:
    static RedisServer& instance() {
        static RedisServer server;
        return server;
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return process_.port(); }

    // Past the driver: what an operator, or somebody else on this server, does. The value is valid until the
    // next command.
    RespValue command(std::initializer_list<std::string_view> words) {
        if (const auto said = wire_.ask(words, kPatienceMs)) return *said;
        throw std::runtime_error("redis-server does not answer");
    }

private:
    RedisServer() = default;

    static constexpr int kPatienceMs = 10'000;

    RedisProcess process_{{"appendonly no", "databases 1"}};
    Wire wire_{process_.port()};
};

}  // namespace streamhost::redis
