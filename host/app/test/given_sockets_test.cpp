#include "app/given_sockets.hpp"

#include <cstdlib>

#include <gtest/gtest.h>
#include <unistd.h>

#include "net/listen_address.hpp"

namespace streamhost::app {
namespace {

GivenSocket given(const std::string& address, const std::string& name = {}) {
    return {net::listen_on(net::parse_address(address), 1, 4).front(), name, "descriptor 3"};
}
std::string at(const GivenSocket& socket) { return net::to_text(socket.socket.address()); }

TEST(GivenSockets, GoToTheListenerOfTheirName) {
    const GivenSocket one = given("127.0.0.1:0", "public");
    const GivenSocket two = given("[::1]:0", "admin");
    const AssignedSockets got = assign({one, two}, {{"admin", at(one)}, {"public", "0.0.0.0:8080"}});
    EXPECT_TRUE(got.complaints.empty());
    ASSERT_EQ(got.by_listener.at("public").size(), 1U);
    EXPECT_EQ(got.by_listener.at("public").front().address(), one.socket.address());
    EXPECT_EQ(got.by_listener.at("admin").front().address(), two.socket.address());
}

TEST(GivenSockets, GoToTheListenerAtTheirAddressWhereTheNameSaysNothing) {
    const GivenSocket one = given("127.0.0.1:0", "streamhost.socket");
    const AssignedSockets got = assign({one}, {{"admin", "127.0.0.1:1"}, {"public", at(one)}});
    EXPECT_TRUE(got.complaints.empty());
    EXPECT_EQ(got.by_listener.count("public"), 1U);
    EXPECT_EQ(got.by_listener.count("admin"), 0U);
}

TEST(GivenSockets, OfOneListenerMayBeSeveral) {
    const AssignedSockets got =
        assign({given("127.0.0.1:0", "public"), given("[::1]:0", "public")}, {{"public", "127.0.0.1:8080"}});
    EXPECT_EQ(got.by_listener.at("public").size(), 2U);
}

TEST(GivenSockets, ThatAreForNobodyAreNamed) {
    const GivenSocket one = given("127.0.0.1:0", "other");
    const AssignedSockets got = assign({one}, {{"public", "127.0.0.1:1"}});
    ASSERT_EQ(got.complaints.size(), 1U);
    EXPECT_EQ(got.complaints.front().find("descriptor 3 (other), which listens on " + at(one)), 0U)
        << got.complaints.front();
    EXPECT_NE(got.complaints.front().find("FileDescriptorName="), std::string::npos);
}

TEST(GivenSockets, MayNotOpenWhatTheConfigurationSaysIsLocal) {
    const GivenSocket one = given("0.0.0.0:0", "public");
    const AssignedSockets refused = assign({one}, {{"public", "127.0.0.1:8080"}});
    EXPECT_TRUE(refused.by_listener.empty());
    ASSERT_EQ(refused.complaints.size(), 1U);
    EXPECT_NE(refused.complaints.front().find("listeners.public.address is 127.0.0.1:8080"),
              std::string::npos);
    EXPECT_TRUE(assign({one}, {{"public", "0.0.0.0:80"}}).complaints.empty());
    EXPECT_EQ(assign({one}, {{"public", "unix:/run/a.sock"}}).complaints.size(), 1U);
}

TEST(InheritedSockets, OfAnotherProcessAreNotOurs) {
    ASSERT_EQ(::setenv("LISTEN_FDS", "1", 1), 0);
    EXPECT_TRUE(inherited_sockets().empty()) << "without LISTEN_PID";
    ASSERT_EQ(::setenv("LISTEN_PID", std::to_string(::getpid() + 1).c_str(), 1), 0);
    EXPECT_TRUE(inherited_sockets().empty());
    ::unsetenv("LISTEN_FDS");
    ::unsetenv("LISTEN_PID");
}

TEST(InheritedSockets, HaveANumberAndAsManyNames) {
    ASSERT_EQ(::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1), 0);
    for (const char* count : {"", "-1", "x", "2000"}) {
        ASSERT_EQ(::setenv("LISTEN_FDS", count, 1), 0);
        EXPECT_THROW((void)inherited_sockets(), std::runtime_error) << count;
    }
    ASSERT_EQ(::setenv("LISTEN_FDS", "1", 1), 0);
    ASSERT_EQ(::setenv("LISTEN_FDNAMES", "public:admin", 1), 0);
    EXPECT_THROW((void)inherited_sockets(), std::runtime_error);
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
}

}  // namespace
}  // namespace streamhost::app
