#include "support/redis_process.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "redis/command.hpp"
#include "support/loopback.hpp"

namespace streamhost::redis {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{15};

// pause: a process that starts tells nobody when it is ready.
void pause() { ::poll(nullptr, 0, 10); }

std::string text_of(const RespValue& value) {
    if (value.is(RespType::kInteger)) return std::to_string(value.integer());
    if (!value.is_list()) return std::string(value.text());
    std::string text;
    for (std::uint32_t index = 0; index < value.size(); ++index)
        text += (index == 0 ? "" : " ") + text_of(value[index]);
    return text;
}

}  // namespace

Wire::Wire(std::uint16_t port) : fd_(connect_loopback(port)) {}

Wire::~Wire() {
    if (fd_ >= 0) ::close(fd_);
}

std::optional<RespValue> Wire::ask(const std::vector<std::string_view>& words, int patience_ms) {
    std::string bytes;
    CommandWriter writer(bytes, static_cast<std::uint32_t>(words.size()));
    for (const std::string_view word : words)
        writer.word(word);
    for (std::string_view left = bytes; !left.empty();) {
        const ssize_t sent = fd_ < 0 ? -1 : ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return std::nullopt;
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (!reader_.next()) {
        constexpr std::size_t kPiece = 65'536;
        pollfd wait{fd_, POLLIN, 0};
        if (::poll(&wait, 1, patience_ms) != 1) return std::nullopt;
        const ssize_t got = ::recv(fd_, reader_.room(kPiece), kPiece, 0);
        if (got <= 0) return std::nullopt;
        reader_.fed(static_cast<std::size_t>(got));
    }
    return reader_.value();
}

TestFolder::TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "streamhost-redis-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for a test");
    path_ = pattern;
}

TestFolder::~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

RedisProcess::RedisProcess(std::vector<std::string> lines, Kind kind)
    : lines_(std::move(lines)), kind_(kind), port_(free_port()) {
    std::ofstream file(folder_.file("conf"));
    file << "port " << port_ << "\nbind 127.0.0.1\nlogfile " << folder_.file("log") << "\ndir "
         << folder_.file("") << "\n";
    if (kind_ == Kind::kServer) file << "save \"\"\nappendonly yes\nappendfsync no\n";
    for (const std::string& line : lines_) {
        if (line.starts_with("requirepass ")) login_ = {"AUTH", line.substr(12)};
        file << line << '\n';
    }
    file.close();
    start();
}

RedisProcess::~RedisProcess() { kill(); }

void RedisProcess::start() {
    const std::string file = folder_.file("conf");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no process for redis-server");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        const char* const last = kind_ == Kind::kSentinel ? "--sentinel" : nullptr;
        ::execlp("redis-server", "redis-server", file.c_str(), last, nullptr);
        ::_exit(127);
    }
    for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline; pause()) {
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
            throw std::runtime_error("redis-server did not start; is it installed?");
        }
        if (ask({"PING"}) == "PONG") return;
    }
    throw std::runtime_error("redis-server took too long to start");
}

void RedisProcess::kill() noexcept {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void RedisProcess::signal(int number) const noexcept { ::kill(pid_, number); }

void RedisProcess::log_in(std::string user, std::string password) {
    login_ = {"AUTH", std::move(user), std::move(password)};
}

std::string RedisProcess::ask(std::initializer_list<std::string_view> words, int patience_ms) const {
    Wire wire(port_);
    if (!login_.empty()) {
        const auto said = wire.ask({login_.begin(), login_.end()}, patience_ms);
        if (!said || said->text() != "OK") return {};
    }
    const auto said = wire.ask(words, patience_ms);
    return said ? text_of(*said) : std::string();
}

SentinelGroup::SentinelGroup(std::string sentinel_password) {
    const std::vector<std::string> lines = {"repl-diskless-sync yes", "repl-diskless-sync-delay 0",
                                            "repl-ping-replica-period 1", "repl-timeout 5"};
    for (std::size_t index = 0; index < size(); ++index) {
        std::vector<std::string> own = lines;
        if (index > 0) own.push_back("replicaof 127.0.0.1 " + std::to_string(server(0).port()));
        servers_.push_back(std::make_unique<RedisProcess>(own));
    }
    std::vector<std::string> watch = {
        "sentinel monitor mymaster 127.0.0.1 " + std::to_string(server(0).port()) + " 2",
        "sentinel down-after-milliseconds mymaster 500", "sentinel failover-timeout mymaster 3000",
        "sentinel parallel-syncs mymaster 2"};
    if (!sentinel_password.empty()) {
        watch.push_back("requirepass " + sentinel_password);
        watch.push_back("sentinel sentinel-pass " + sentinel_password);
    }
    for (std::size_t index = 0; index < size(); ++index)
        sentinels_.push_back(std::make_unique<RedisProcess>(watch, RedisProcess::Kind::kSentinel));
    await_quorum();
}

// Quorum, and every Sentinel knows both replicas: without one a failover has nobody to choose.
void SentinelGroup::await_quorum() {
    const auto is_ready = [](const RedisProcess& sentinel) {
        const std::string master = sentinel.ask({"SENTINEL", "MASTER", "mymaster"});
        return sentinel.ask({"SENTINEL", "CKQUORUM", "mymaster"}).starts_with("OK 3") &&
               master.find("num-slaves 2") != std::string::npos;
    };
    for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline; pause()) {
        bool all = true;
        for (const auto& sentinel : sentinels_)
            all = all && is_ready(*sentinel);
        const std::string replicas = server(0).ask({"INFO", "replication"});
        all = all && replicas.find("slave0:") != std::string::npos &&
              replicas.find("state=online", replicas.find("slave1:")) != std::string::npos;
        if (all) return;
    }
    throw std::runtime_error("the Sentinels did not find each other");
}

RedisProcess& SentinelGroup::master() {
    for (const auto& sentinel : sentinels_) {
        if (!sentinel->is_running()) continue;
        std::string address = sentinel->ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"});
        std::replace(address.begin(), address.end(), ' ', ':');
        return server_at(address);
    }
    throw std::runtime_error("no Sentinel runs");
}

RedisProcess& SentinelGroup::server_at(std::string_view address) {
    for (const auto& server : servers_)
        if (address == "127.0.0.1:" + std::to_string(server->port())) return *server;
    throw std::runtime_error("no server of the group: " + std::string(address));
}

}  // namespace streamhost::redis
