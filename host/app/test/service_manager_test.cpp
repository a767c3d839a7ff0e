#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace streamhost::app {
namespace {

/// What a service manager is to its service: a datagram socket in the abstract name space.
class Manager {
public:
    Manager() : name_("@streamhost-test-" + std::to_string(::getpid())) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name_.data() + 1, name_.size() - 1);
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0) ADD_FAILURE() << "no socket";
    }
    ~Manager() { ::close(fd_); }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // Datagrams on one machine have arrived when sendto() has returned.
    std::string heard() {
        char text[512];
        const ssize_t size = ::recv(fd_, text, sizeof(text), MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
    }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
    int fd_ = -1;
};

TEST(ServiceManager, HearsOfEachStep) {
    Manager manager;
    ServiceManager service({manager.name(), 0});
    service.ready();
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving");
    service.reloading(42);
    EXPECT_EQ(manager.heard(), "RELOADING=1\nMONOTONIC_USEC=42\nSTATUS=reading the configuration");
    service.stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1\nSTATUS=draining");
    service.beat(1'000, 0);
    EXPECT_EQ(manager.heard(), "nothing") << "nobody asked for signs of life";
}

TEST(ServiceManager, BeatsFourTimesInTheWatchdogsTime) {
    Manager manager;
    ServiceManager service({manager.name(), 8'000'000});
    service.beat(1'000, 0);
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
    service.beat(2'999, 0);
    EXPECT_EQ(manager.heard(), "nothing");
    service.beat(3'000, 0);
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
}

TEST(ServiceManager, IsSilentWhileALoopIsStuck) {
    Manager manager;
    ServiceManager service({manager.name(), 8'000'000});
    service.beat(1'000, 3'999);
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
    service.beat(9'000, 4'000);
    EXPECT_EQ(manager.heard(), "nothing");
    service.beat(9'025, 0);
    EXPECT_EQ(manager.heard(), "WATCHDOG=1") << "at once when the loop is back";
}

TEST(ServiceManager, IsAPathToo) {
    const std::string path = testing::TempDir() + "notify-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ServiceManager service({path, 0});
    service.ready();
    char text[64];
    EXPECT_GT(::recv(fd, text, sizeof(text), MSG_DONTWAIT), 0);
    ::close(fd);
    ::unlink(path.c_str());
    service.stopping();  // nobody there any more: no wait, no signal
}

TEST(ServiceManager, NoSocketOrAStrangeOneIsNone) {
    for (const std::string& name :
         {std::string(), std::string("@"), std::string("vsock:1:2"), std::string(200, '/')}) {
        ServiceManager service({name, 8'000'000});
        service.ready();
        service.beat(1'000, 0);
    }
}

TEST(ServiceManager, TheWatchdogMayBeMeantForAnother) {
    ::setenv("NOTIFY_SOCKET", "/run/x", 1);
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(ServiceManager::environment().socket, "/run/x");
    EXPECT_EQ(ServiceManager::environment().watchdog_us, 30'000'000U);
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_EQ(ServiceManager::environment().watchdog_us, 0U);
    ::unsetenv("WATCHDOG_PID");
    EXPECT_EQ(ServiceManager::environment().watchdog_us, 30'000'000U);
    ::setenv("WATCHDOG_USEC", "30s", 1);
    EXPECT_EQ(ServiceManager::environment().watchdog_us, 0U);
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace streamhost::app
