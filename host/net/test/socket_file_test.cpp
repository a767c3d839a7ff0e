#include "net/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <Poco/Exception.h>
#include <Poco/Net/StreamSocket.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "net/listen_address.hpp"
#include "net/listen_socket.hpp"

namespace streamhost::net {
namespace {

namespace fs = std::filesystem;

class SocketFiles : public ::testing::Test {
protected:
    SocketFiles() {
        std::string name = (fs::temp_directory_path() / "socket-file-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        path_ = folder_ / "a.sock";
    }
    ~SocketFiles() override { fs::remove_all(folder_); }

    SocketFile make(ListenSocket& socket, const SocketFileOptions& options = {}) {
        OwnedDescriptor opened;
        SocketFile file = SocketFile::make(path_.string(), options, 8, opened);
        socket = take_socket(std::move(opened));
        return file;
    }
    std::string why_not() {
        ListenSocket socket;
        try {
            (void)make(socket);
        } catch (const Poco::Exception& error) {
            return error.message();
        }
        return {};
    }
    [[nodiscard]] bool answers() const {
        Poco::Net::StreamSocket client;
        try {
            client.connect(parse_address("unix:" + path_.string()));
        } catch (const Poco::Exception&) {
            return false;
        }
        return true;
    }

    fs::path folder_;
    fs::path path_;
};

TEST_F(SocketFiles, ListensWithTheRightsThatItIsGiven) {
    ListenSocket socket;
    SocketFile file = make(socket, {.mode = 0620, .group = {}});
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms{0620});
    EXPECT_EQ(to_text(socket.address()), "unix:" + path_.string());
    EXPECT_TRUE(answers());
    file.remove();
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SocketFiles, IsRefusedWhereSomebodyListens) {
    ListenSocket socket;
    const SocketFile file = make(socket);
    EXPECT_NE(why_not().find("listens there: stop it"), std::string::npos) << why_not();
    EXPECT_TRUE(answers()) << "and who listens still does";
}

TEST_F(SocketFiles, ReplacesTheOneOfAProcessThatDied) {
    {
        ListenSocket dead;
        (void)make(dead);
    }
    ASSERT_TRUE(fs::exists(path_));
    EXPECT_FALSE(answers());
    ListenSocket socket;
    const SocketFile file = make(socket);
    EXPECT_TRUE(answers());
}

TEST_F(SocketFiles, LeavesAloneWhatIsNoSocket) {
    std::ofstream(path_) << "mine";
    EXPECT_NE(why_not().find("no socket"), std::string::npos) << why_not();
    EXPECT_EQ(fs::file_size(path_), 4U);
}

TEST_F(SocketFiles, NamesAGroupThatIsNotThereAndAFolderThatIsNone) {
    ListenSocket socket;
    EXPECT_THROW((void)make(socket, {.mode = 0600, .group = "no-such-group"}), Poco::Exception);
    EXPECT_FALSE(fs::exists(path_)) << "nothing is left behind";
    path_ = folder_ / "absent" / "a.sock";
    EXPECT_NE(why_not().find("folder"), std::string::npos) << why_not();
}

TEST_F(SocketFiles, RemovesTheOneThatItMadeAndNoOther) {
    ListenSocket socket;
    SocketFile file = make(socket);
    fs::remove(path_);
    ListenSocket other;
    SocketFile others = make(other);
    file.remove();
    EXPECT_TRUE(answers());
    others.leave();
    others.remove();
    EXPECT_TRUE(answers()) << "somebody else looks after it";
}

TEST_F(SocketFiles, KnowsTheOneThatItWasTold) {
    ListenSocket socket;
    const SocketFile file = make(socket);
    SocketFile taken(path_.string(), file.who());
    taken.remove();
    EXPECT_FALSE(fs::exists(path_));
}

TEST(TakenSockets, ListenOrAreRefused) {
    const auto is_taken = [](int fd) {
        try {
            (void)take_socket(OwnedDescriptor(fd));
        } catch (const Poco::Exception&) {
            return false;
        }
        return true;
    };
    EXPECT_FALSE(is_taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))) << "it does not listen";
    EXPECT_FALSE(is_taken(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
    EXPECT_FALSE(is_taken(::dup(STDERR_FILENO)));
}

TEST(ListenOn, TakesNoIPv4ConnectionsAtAnIPv6Address) {
    const auto sockets = listen_on(parse_address("[::1]:0"), 2, 4);
    ASSERT_EQ(sockets.size(), 2U);
    EXPECT_EQ(sockets[0].address(), sockets[1].address());
    int only = 0;
    socklen_t size = sizeof(only);
    ASSERT_EQ(::getsockopt(sockets[0].impl()->sockfd(), IPPROTO_IPV6, IPV6_V6ONLY, &only, &size), 0);
    EXPECT_EQ(only, 1);
}

}  // namespace
}  // namespace streamhost::net
