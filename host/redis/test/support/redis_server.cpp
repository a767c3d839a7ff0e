#include "support/redis_server.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "redis/command.hpp"
#include "support/loopback.hpp"

namespace streamhost::redis {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

RedisServer& RedisServer::instance() {
    static RedisServer server;
    return server;
}

RedisServer::RedisServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "streamhost-redis-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no folder for redis-server");
    folder_ = pattern;
    try {
        start();
        await();
    } catch (...) {
        stop();
        throw;
    }
}

RedisServer::~RedisServer() { stop(); }

void RedisServer::start() {
    port_ = free_port();
    const std::string port = std::to_string(port_);
    const std::string folder = folder_.string();
    const std::vector<const char*> words = {
        "redis-server", "--port",      port.c_str(), "--bind",       "127.0.0.1", "--save", "",
        "--appendonly", "no",          "--dir",      folder.c_str(), "--logfile", "log",    "--daemonize",
        "no",           "--databases", "1",          nullptr};
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no process for redis-server");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execvp("redis-server", const_cast<char* const*>(words.data()));
    _exit(127);
}

void RedisServer::await() {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
        if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
            throw std::runtime_error("redis-server did not start; is it installed?");
        }
        socket_ = connect_loopback(port_);
        if (socket_ >= 0) {
            if (command({"PING"}).text() == "PONG") return;
            throw std::runtime_error("redis-server does not answer");
        }
        poll(nullptr, 0, 5);  // pause: a server that does not listen yet tells nobody when it will
    }
    throw std::runtime_error("redis-server took too long to start");
}

RespValue RedisServer::command(std::initializer_list<std::string_view> words) {
    std::string bytes;
    CommandWriter writer(bytes, static_cast<std::uint32_t>(words.size()));
    for (const std::string_view word : words)
        writer.word(word);
    for (std::string_view left = bytes; !left.empty();) {
        const ssize_t sent = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) throw std::runtime_error("redis-server takes nothing");
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (!reader_.next()) {
        constexpr std::size_t kPiece = 65536;
        pollfd wait{socket_, POLLIN, 0};
        if (poll(&wait, 1, 10'000) != 1) throw std::runtime_error("redis-server does not answer");
        const ssize_t got = recv(socket_, reader_.room(kPiece), kPiece, 0);
        if (got <= 0) throw std::runtime_error("redis-server hung up");
        reader_.fed(static_cast<std::size_t>(got));
    }
    return reader_.value();
}

void RedisServer::stop() noexcept {
    if (socket_ >= 0) close(socket_);
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace streamhost::redis
