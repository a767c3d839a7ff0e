#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "redis/resp.hpp"

namespace streamhost::redis {

// A Redis server of the test program's own: started on a free port of the loopback, with nothing on disk,
// and gone with this object. Throws std::runtime_error when it cannot be had within ten seconds.
class RedisServer {
public:
    RedisServer();
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    // One per test program.
    static RedisServer& instance();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    // Past the driver: what an operator, or somebody else on this server, does. Waits for the answer; the
    // value is valid until the next command.
    RespValue command(std::initializer_list<std::string_view> words);

private:
    void start();
    void await();
    void stop() noexcept;

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    int socket_ = -1;
    RespReader reader_;
};

}  // namespace streamhost::redis
