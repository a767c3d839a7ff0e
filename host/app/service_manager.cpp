#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include <Poco/Environment.h>
#include <unistd.h>

#include "streamhost/whole_number.hpp"

namespace streamhost::app {

namespace {

bool is_usable(std::string_view socket) {
    return socket.size() > 1 && socket.size() < sizeof(sockaddr_un::sun_path) &&
           (socket.front() == '/' || socket.front() == '@');
}

}  // namespace

ServiceManager::Environment ServiceManager::environment() {
    const std::string watchdog_us = Poco::Environment::get("WATCHDOG_USEC", "");
    Environment out{Poco::Environment::get("NOTIFY_SOCKET", ""),
                    whole_number<std::uint64_t>(watchdog_us).value_or(0)};
    const std::string pid = Poco::Environment::get("WATCHDOG_PID", "");
    if (!pid.empty() && whole_number<pid_t>(pid) != ::getpid()) out.watchdog_us = 0;
    return out;
}

ServiceManager::ServiceManager(Environment environment)
    : socket_(std::move(environment.socket)), watchdog_ms_(environment.watchdog_us / 1'000) {
    if (!is_usable(socket_)) return;
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval second{1, 0};
    if (fd_ >= 0) (void)::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
}

ServiceManager::~ServiceManager() {
    if (fd_ >= 0) ::close(fd_);
}

void ServiceManager::ready() { send("READY=1\nSTATUS=serving", 0); }

void ServiceManager::main_now() { send("MAINPID=" + std::to_string(::getpid()), 0); }

void ServiceManager::reloading(std::uint64_t monotonic_us) {
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_us) + "\nSTATUS=reading the configuration",
         0);
}

void ServiceManager::stopping() { send("STOPPING=1\nSTATUS=draining", 0); }

void ServiceManager::beat(std::uint64_t now_ms, std::uint64_t stuck_ms) {
    if (watchdog_ms_ == 0 || stuck_ms >= watchdog_ms_ / 2) return;
    if (beat_ms_ != 0 && now_ms < beat_ms_ + watchdog_ms_ / 4) return;
    beat_ms_ = now_ms;
    send("WATCHDOG=1", MSG_DONTWAIT);
}

// Addressed each time: the manager may have been replaced since. One that is away is not waited for.
void ServiceManager::send(std::string_view text, int flags) const {
    if (fd_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, socket_.data(), socket_.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // a name outside of the file system
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    (void)::sendto(fd_, text.data(), text.size(), flags | MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace streamhost::app
