#include "address.hpp"

#include <gtest/gtest.h>

#include "siphash.hpp"

namespace ratelimit {
namespace {

std::string shown(std::string_view address, const Prefixes& prefixes = {}) {
    return show_address_key(address_key(address, prefixes), prefixes);
}

TEST(Address, Ipv4CountsByItselfAndIpv6ByItsNetwork) {
    EXPECT_EQ(shown("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(address_key("2001:db8:1:2:3:4:5:6", {}), address_key("2001:db8:1:2::1", {}));
    EXPECT_NE(address_key("2001:db8:1:2::1", {}), address_key("2001:db8:1:3::1", {}));
    EXPECT_NE(address_key("192.0.2.7", {}), address_key("192.0.2.8", {}));
}

TEST(Address, PrefixesMayBeOthers) {
    const Prefixes prefixes{24, 49};
    EXPECT_EQ(shown("192.0.2.7", prefixes), "192.0.2.0/24");
    EXPECT_EQ(address_key("192.0.2.7", prefixes), address_key("192.0.2.200", prefixes));
    EXPECT_EQ(shown("2001:db8:0:ffff::1", prefixes), "2001:db8:0:8000::/49");
    EXPECT_EQ(shown("2001:db8::1", {32, 128}), "2001:db8::1");
}

TEST(Address, Ipv4InsideIpv6IsThatAddress) {
    EXPECT_EQ(address_key("::ffff:192.0.2.7", {}), address_key("192.0.2.7", {}));
    EXPECT_EQ(shown("fe80::1%eth0"), "fe80::/64");
}

TEST(Address, WhatIsNoAddressStandsForItself) {
    EXPECT_FALSE(parse_address(""));
    EXPECT_FALSE(parse_address("192.0.2"));
    EXPECT_FALSE(parse_address("192.0.2.7:80"));
    EXPECT_FALSE(parse_address(std::string(200, '1')));
    EXPECT_EQ(shown("unix"), "unix");
    EXPECT_NE(address_key("4abcd", {}), address_key("97.98.99.100", {}));
}

TEST(Network, HoldsWhatBeginsAlike) {
    const auto network = Network::parse("10.0.0.0/8");
    ASSERT_TRUE(network);
    EXPECT_TRUE(network->holds(*parse_address("10.255.0.1")));
    EXPECT_TRUE(network->holds(*parse_address("::ffff:10.1.2.3")));
    EXPECT_FALSE(network->holds(*parse_address("11.0.0.1")));
    EXPECT_FALSE(network->holds(*parse_address("2001:db8::1")));
    const auto one = Network::parse("2001:db8::7");
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->holds(*parse_address("2001:db8::7")));
    EXPECT_FALSE(one->holds(*parse_address("2001:db8::8")));
    EXPECT_TRUE(Network::parse("0.0.0.0/0")->holds(*parse_address("203.0.113.9")));
}

TEST(Network, RefusesWhatSomebodyDidNotMean) {
    for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
                             "2001:db8::/129", "2001:db8::1/64", "fe80::1%eth0", "localhost"})
        EXPECT_FALSE(Network::parse(text)) << text;
}

// Vectors of the reference implementation: the key 00 01 .. 0f, inputs 00 01 02 .. of that length.
TEST(SipHash, IsTheOneOfThePaper) {
    const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    EXPECT_EQ(siphash(key, ""), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash(key, std::string_view("\0", 1)), 0x74f839c593dc67fdU);
    EXPECT_EQ(siphash(key, std::string_view("\0\1\2\3\4\5\6\7", 8)), 0x93f5f5799a932462U);
    EXPECT_EQ(siphash(key, std::string_view("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 15)),
              0xa129ca6149be45e5U);
}

}  // namespace
}  // namespace ratelimit
