#include "net/descriptor_link.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace streamhost::net {
namespace {

using Got = DescriptorLink::Got;

class DescriptorLinks : public ::testing::Test {
protected:
    DescriptorLinks() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        here.emplace(OwnedDescriptor(ends[0]));
        there.emplace(OwnedDescriptor(ends[1]));
    }
    static ino_t file_of(int fd) {
        struct stat found {};
        return ::fstat(fd, &found) == 0 ? found.st_ino : 0;
    }
    std::optional<DescriptorLink> here;
    std::optional<DescriptorLink> there;
};

TEST_F(DescriptorLinks, KeepPacketsApartWithTheirDescriptors) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_TRUE(here->send("one", ends));
    ASSERT_TRUE(here->send("two"));
    DescriptorLink::Packet packet;
    ASSERT_TRUE(there->wait_for(1'000));
    ASSERT_EQ(there->receive(packet), Got::packet);
    EXPECT_EQ(packet.text, "one");
    ASSERT_EQ(packet.descriptors.size(), 2U);
    for (std::size_t index = 0; index < 2; ++index) {
        EXPECT_EQ(file_of(packet.descriptors[index].get()), file_of(ends[index]));
        EXPECT_NE(::fcntl(packet.descriptors[index].get(), F_GETFD) & FD_CLOEXEC, 0);
    }
    ASSERT_EQ(there->receive(packet), Got::packet);
    EXPECT_EQ(packet.text, "two");
    EXPECT_TRUE(packet.descriptors.empty());
    EXPECT_EQ(there->receive(packet), Got::nothing);
    for (const int end : ends)
        ::close(end);
}

TEST_F(DescriptorLinks, TakeAsManyDescriptorsAsTheySay) {
    const std::vector<int> many(DescriptorLink::kMostDescriptors, STDERR_FILENO);
    ASSERT_TRUE(here->send("many", many));
    DescriptorLink::Packet packet;
    ASSERT_EQ(there->receive(packet), Got::packet);
    EXPECT_EQ(packet.descriptors.size(), many.size());
}

TEST_F(DescriptorLinks, TakeNothingOfWhatIsTooLong) {
    ASSERT_TRUE(here->send(std::string(DescriptorLink::kMostText, 'x')));
    ASSERT_TRUE(here->send(std::string(DescriptorLink::kMostText + 1, 'x')));
    DescriptorLink::Packet packet;
    EXPECT_EQ(there->receive(packet), Got::packet);
    EXPECT_EQ(there->receive(packet), Got::gone);
}

TEST_F(DescriptorLinks, SayALastWordThatIsHeardWhateverWasSaidToThem) {
    ASSERT_TRUE(there->send("what nobody takes"));
    here->send_last("no");
    EXPECT_FALSE(there->send("more of it"));
    here.reset();
    DescriptorLink::Packet packet;
    ASSERT_EQ(there->receive(packet), Got::packet);
    EXPECT_EQ(packet.text, "no");
    EXPECT_EQ(there->receive(packet), Got::gone);
}

TEST_F(DescriptorLinks, TellWhoIsThereAndWhenNobodyIs) {
    EXPECT_EQ(there->peer_user(), ::geteuid());
    EXPECT_FALSE(there->wait_for(0));
    ASSERT_TRUE(here->send("last"));
    here.reset();
    EXPECT_TRUE(there->wait_for(1'000));
    DescriptorLink::Packet packet;
    EXPECT_EQ(there->receive(packet), Got::packet) << "what was said before counts";
    EXPECT_EQ(there->receive(packet), Got::gone);
    EXPECT_FALSE(there->send("anybody?"));
}

TEST(DescriptorLink, HasNobodyAtAPathWhereNobodyListens) {
    EXPECT_FALSE(DescriptorLink::connect("/nowhere/at/all"));
    EXPECT_THROW((void)DescriptorLink::connect("/dev/null/below"), std::system_error);
}

}  // namespace
}  // namespace streamhost::net
