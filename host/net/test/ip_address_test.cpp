#include "net/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

PeerAddress peer(std::string_view address) { return {IpAddress::parse(address), 1}; }

AddressList list(std::initializer_list<std::string_view> items) {
    AddressList out;
    for (const std::string_view item : items)
        EXPECT_THAT(out.add(item), IsEmpty());
    return out;
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->text(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:DB8:0::1")->text(), "2001:db8::1");
    for (const char* text : {"", "localhost", "192.0.2", "192.0.2.256", "192.0.02.1", "192.0.2.1:80", "[::1]",
                             "::1%lo", "1::2::3"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    EXPECT_FALSE(IpAddress::parse(std::string_view("::1\0", 4)));
    EXPECT_FALSE(IpAddress::parse(std::string(60, '1')));
}

TEST(IpAddress, IsOneInBothClothes) {
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
    EXPECT_TRUE(IpAddress::parse("::ffff:192.0.2.1")->is_v4());
    EXPECT_FALSE(IpAddress::parse("::192.0.2.1")->is_v4());
}

TEST(PeerAddress, IsTextThatTellsItsParts) {
    EXPECT_EQ((PeerAddress{IpAddress::parse("192.0.2.1"), 80}).text(), "192.0.2.1:80");
    EXPECT_EQ((PeerAddress{IpAddress::parse("::1"), 80}).text(), "[::1]:80");
    EXPECT_EQ((PeerAddress{IpAddress::parse("192.0.2.1"), 0}).text(), "192.0.2.1");
    EXPECT_EQ((PeerAddress{IpAddress::parse("::1"), 0}).text(), "[::1]");
    EXPECT_EQ(PeerAddress{}.text(), "unix:");
}

TEST(PeerAddress, ComesFromASocket) {
    sockaddr_storage storage{};
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(443);
    ASSERT_EQ(::inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr), 1);
    std::memcpy(&storage, &v6, sizeof(v6));
    EXPECT_EQ(PeerAddress::of(storage).text(), "192.0.2.1:443");

    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(80);
    ASSERT_EQ(::inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr), 1);
    storage = {};
    std::memcpy(&storage, &v4, sizeof(v4));
    EXPECT_EQ(PeerAddress::of(storage).text(), "127.0.0.1:80");

    storage = {};
    storage.ss_family = AF_UNIX;
    EXPECT_EQ(PeerAddress::of(storage).text(), "unix:");
}

TEST(AddressList, HoldsAddressesAndNetworks) {
    const AddressList some = list({"10.0.0.0/8", "192.0.2.7", "fd00::/9", "2001:db8::1"});
    for (const char* in :
         {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.7", "fd00::1", "fd7f::1", "2001:db8::1"})
        EXPECT_TRUE(some.contains(peer(in))) << in;
    for (const char* out : {"11.0.0.0", "9.255.255.255", "192.0.2.6", "fd80::1", "2001:db8::2", "::10.1.2.3"})
        EXPECT_FALSE(some.contains(peer(out))) << out;
}

TEST(AddressList, KeepsTheFamiliesApart) {
    EXPECT_FALSE(list({"::/0"}).contains(peer("192.0.2.1")));
    EXPECT_FALSE(list({"0.0.0.0/0"}).contains(peer("2001:db8::1")));
    EXPECT_TRUE(list({"0.0.0.0/0"}).contains(peer("192.0.2.1")));
    EXPECT_TRUE(list({"::/0"}).contains(peer("2001:db8::1")));
    EXPECT_FALSE(list({"::/0", "0.0.0.0/0"}).contains(PeerAddress{}));
    EXPECT_TRUE(list({"unix"}).contains(PeerAddress{}));
    EXPECT_FALSE(list({"unix"}).contains(peer("127.0.0.1")));
}

TEST(AddressList, SaysWhatIsWrong) {
    AddressList none;
    EXPECT_THAT(none.add("proxy.example"),
                HasSubstr("'proxy.example' is no address, no network and not 'unix'"));
    EXPECT_THAT(none.add("10.0.0.0/33"), HasSubstr("a number from 0 to 32"));
    EXPECT_THAT(none.add("fd00::/129"), HasSubstr("a number from 0 to 128"));
    EXPECT_THAT(none.add("10.0.0.0/"), HasSubstr("is no network"));
    EXPECT_THAT(none.add("10.0.0.0/-1"), HasSubstr("is no network"));
    EXPECT_THAT(none.add("10.0.0.1/8"), HasSubstr("it has bits behind the first 8"));
    EXPECT_THAT(none.add("fd00::1/64"), HasSubstr("it has bits behind the first 64"));
    EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace streamhost::net
