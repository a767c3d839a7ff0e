#include "net/listen_address.hpp"

#include <string>

#include <Poco/Exception.h>
#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

TEST(ListenAddress, IsReadAndWrittenInOneForm) {
    for (const char* text : {"127.0.0.1:8080", "[::1]:8080", "[::]:80", "unix:/run/streamhost/public.sock"})
        EXPECT_EQ(to_text(parse_address(text)), text);
    EXPECT_EQ(to_text(parse_address(":8080")), "0.0.0.0:8080");
    EXPECT_EQ(to_text(parse_address("*:8080")), "0.0.0.0:8080");
    EXPECT_TRUE(is_local(parse_address("localhost:8080")));
}

TEST(ListenAddress, RefusesWhatIsNone) {
    for (const char* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
                             "unix:", "unix:relative", "unix:@abstract"})
        EXPECT_THROW((void)parse_address(text), Poco::SyntaxException) << text;
    EXPECT_NO_THROW((void)parse_address("unix:/" + std::string(106, 'a')));
    EXPECT_THROW((void)parse_address("unix:/" + std::string(107, 'a')), Poco::SyntaxException);
}

TEST(ListenAddress, IsLocalWhereNoOtherMachineReachesIt) {
    for (const char* text : {"127.0.0.1:1", "127.8.0.1:1", "[::1]:1", "unix:/run/a"})
        EXPECT_TRUE(is_local(parse_address(text))) << text;
    for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[2001:db8::1]:1"})
        EXPECT_FALSE(is_local(parse_address(text))) << text;
}

TEST(ListenAddress, OfAUnixSocketStandsInAUrlAsProxiesWriteIt) {
    EXPECT_EQ(url_of("http://", "[::1]:8091", "/health"), "http://[::1]:8091/health");
    EXPECT_EQ(url_of("http://", "unix:/run/a.sock", "/health"), "http://unix:/run/a.sock:/health");
}

}  // namespace
}  // namespace streamhost::net
