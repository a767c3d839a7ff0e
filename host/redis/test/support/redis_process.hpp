#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/resp.hpp"

namespace streamhost::redis {

// A folder of the test's own, gone with this object.
class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

// One connection to a server that waits for each answer.
class Wire {
public:
    explicit Wire(std::uint16_t port);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // Valid until the next command. Nothing: no connection, or no answer within `patience_ms`.
    [[nodiscard]] std::optional<RespValue> ask(const std::vector<std::string_view>& words, int patience_ms);

private:
    int fd_;
    RespReader reader_;
};

// redis-server as a process that a test may kill, stop, and start again on the same port with the same data.
// `lines` are of its configuration; port, folder and loopback are given. Started and answering when
// constructed; throws std::runtime_error else.
class RedisProcess {
public:
    enum class Kind : std::uint8_t { kServer = 1, kSentinel };

    explicit RedisProcess(std::vector<std::string> lines = {}, Kind kind = Kind::kServer);
    ~RedisProcess();
    RedisProcess(const RedisProcess&) = delete;
    RedisProcess& operator=(const RedisProcess&) = delete;

    void start();
    void kill() noexcept;                    // SIGKILL, and gone when it returns
    void signal(int number) const noexcept;  // SIGSTOP, SIGCONT
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] bool is_running() const noexcept { return pid_ > 0; }

    // What an operator does, on a connection of its own: words in, the answer as text (lists with a blank
    // between their values). Empty when there is no answer within `patience_ms`.
    [[nodiscard]] std::string ask(std::initializer_list<std::string_view> words,
                                  int patience_ms = 5'000) const;
    // Runs before each ask().
    void log_in(std::string user, std::string password);

private:
    TestFolder folder_;
    std::vector<std::string> lines_;
    Kind kind_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    std::vector<std::string> login_;
};

// One master, two replicas, three Sentinels with quorum 2; ready for a failover when constructed (about two
// seconds). Configuration for failovers that are as fast as is safe on one machine.
class SentinelGroup {
public:
    explicit SentinelGroup(std::string sentinel_password = {});

    [[nodiscard]] RedisProcess& server(std::size_t index) { return *servers_[index]; }
    [[nodiscard]] RedisProcess& sentinel(std::size_t index) { return *sentinels_[index]; }
    // By what the first Sentinel that runs says now; after a failover the others follow with a delay.
    [[nodiscard]] RedisProcess& master();
    [[nodiscard]] RedisProcess& server_at(std::string_view address);  // "127.0.0.1:<port>"
    [[nodiscard]] static constexpr std::size_t size() { return 3; }

private:
    void await_quorum();

    std::vector<std::unique_ptr<RedisProcess>> servers_;
    std::vector<std::unique_ptr<RedisProcess>> sentinels_;
};

}  // namespace streamhost::redis
