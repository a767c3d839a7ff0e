#include "streamhost/local_host.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(LocalHost, IsWhatNoNameServerDecides) {
    for (const char* host : {"127.0.0.1", "127.0.0.1:8091", "127.8.9.1:1", "[::1]", "[::1]:8091", "localhost",
                             "LocalHost:8091", "[0:0:0:0:0:0:0:1]"})
        EXPECT_TRUE(is_local_host(host)) << host;
    for (const char* host :
         {"", "evil.example", "evil.example:8091", "localhost.evil.example", "127.0.0.1.evil.example",
          "192.168.0.1", "[::2]:8091", "[", "[]", ":8091", "0.0.0.0", "128.0.0.1", "127.1"})
        EXPECT_FALSE(is_local_host(host)) << host;
}

TEST(LocalHost, IsComparedWithoutItsPort) {
    EXPECT_EQ(without_port("[::1]:8091"), "::1");
    EXPECT_EQ(without_port("node-7.lan:8091"), "node-7.lan");
    EXPECT_EQ(without_port("node-7.lan"), "node-7.lan");
    EXPECT_EQ(without_port(":8091"), "");
}

}  // namespace
}  // namespace streamhost
