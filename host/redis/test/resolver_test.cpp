#include "redis/client/resolver.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "redis/client/sentinel_reply.hpp"
#include "redis/resp.hpp"

namespace streamhost::redis {
namespace {

using Kind = SentinelAnswer::Kind;

const Address kOld{"10.0.0.1", 6379};
const Address kNew{"10.0.0.2", 6379};

SentinelAnswer names(const Address& master, std::uint64_t epoch) {
    SentinelAnswer answer;
    answer.kind = Kind::kMaster;
    answer.master = master;
    answer.config_epoch = epoch;
    return answer;
}

SentinelAnswer says(Kind kind, std::string detail = {}) {
    SentinelAnswer answer;
    answer.kind = kind;
    answer.detail = std::move(detail);
    return answer;
}

class ResolverTest : public ::testing::Test {
protected:
    Verdict ask(std::vector<SentinelAnswer> answers) {
        resolver_.ask(answers.size(), 0);
        for (std::size_t sentinel = 0; sentinel < answers.size(); ++sentinel)
            resolver_.answer(sentinel, answers[sentinel]);
        const auto verdict = resolver_.take_verdict(0);
        EXPECT_TRUE(verdict);
        return verdict.value_or(Verdict());
    }
    Resolver resolver_{300};
};

TEST_F(ResolverTest, WaitsForAllButNoLongerThanItsTime) {
    resolver_.ask(3, 1'000);
    resolver_.answer(0, names(kOld, 1));
    resolver_.answer(1, names(kNew, 2));
    EXPECT_FALSE(resolver_.take_verdict(1'299));
    const auto verdict = resolver_.take_verdict(1'300);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->master, kNew);
    EXPECT_EQ(verdict->answers, 2U);
    EXPECT_FALSE(resolver_.take_verdict(2'000)) << "one verdict per question";
    resolver_.ask(2, 3'000);
    resolver_.answer(0, names(kOld, 3));
    resolver_.answer(0, names(kNew, 4));  // a second answer of the same
    EXPECT_FALSE(resolver_.take_verdict(3'000));
    resolver_.answer(1, names(kOld, 3));
    EXPECT_EQ(resolver_.take_verdict(3'000)->master, kOld);
}

TEST_F(ResolverTest, TheHighestEpochWinsOverAStaleMajority) {
    const Verdict verdict = ask({names(kOld, 1), names(kNew, 2), names(kOld, 1)});
    EXPECT_EQ(verdict.kind, Verdict::Kind::kMaster);
    EXPECT_EQ(verdict.master, kNew);
    EXPECT_EQ(verdict.config_epoch, 2U);
    EXPECT_EQ(verdict.votes, 1U);
}

TEST_F(ResolverTest, AmongEqualEpochsTheMajorityWins) {
    EXPECT_EQ(ask({names(kOld, 2), names(kNew, 2), names(kNew, 2)}).master, kNew);
    EXPECT_EQ(ask({names(kOld, 2), names(kNew, 2), names(kOld, 2)}).master, kOld);
}

TEST_F(ResolverTest, NeverGoesBackBehindAMasterThatProvedItself) {
    resolver_.confirm(ask({names(kNew, 5)}));
    const Verdict verdict = ask({names(kOld, 4), names(kOld, 4), says(Kind::kNone)});
    EXPECT_EQ(verdict.kind, Verdict::Kind::kStale);
    EXPECT_EQ(ask({names(kOld, 4), names(kNew, 5)}).master, kNew);
    EXPECT_EQ(resolver_.epoch(), 5U);
}

TEST_F(ResolverTest, AnEpochThatNoMasterProvedBindsNobody) {
    EXPECT_EQ(ask({names(kOld, 99)}).master, kOld);  // and it was a lie
    EXPECT_EQ(ask({names(kNew, 5), names(kNew, 5)}).kind, Verdict::Kind::kMaster);
}

TEST_F(ResolverTest, OneLiarWithAHighEpochGivesWayToTheMajorityAfterItsMasterFailed) {
    const std::vector<SentinelAnswer> answers = {names(kOld, 99), names(kNew, 5), names(kNew, 5)};
    const Verdict first = ask(answers);
    EXPECT_EQ(first.master, kOld);
    resolver_.reject(first);
    const Verdict second = ask(answers);
    EXPECT_EQ(second.master, kNew);
    resolver_.confirm(second);
    EXPECT_EQ(resolver_.epoch(), 5U);
}

TEST_F(ResolverTest, ARejectedMasterWithAMajorityStays) {
    resolver_.reject(ask({names(kNew, 6), names(kNew, 6), names(kOld, 5)}));
    EXPECT_EQ(ask({names(kNew, 6), names(kNew, 6), names(kOld, 5)}).master, kNew);
}

TEST_F(ResolverTest, TellsApartWhyThereIsNone) {
    EXPECT_EQ(ask({says(Kind::kNone, "refused"), says(Kind::kNone)}).kind, Verdict::Kind::kNoSentinel);
    EXPECT_EQ(ask({says(Kind::kNone), says(Kind::kUnknownName)}).kind, Verdict::Kind::kUnknownName);
    EXPECT_EQ(ask({says(Kind::kRefused, "NOAUTH"), says(Kind::kNone)}).kind, Verdict::Kind::kRefused);
    EXPECT_EQ(ask({}).kind, Verdict::Kind::kNoSentinel);
    EXPECT_EQ(ask({says(Kind::kUnknownName), names(kOld, 0)}).kind, Verdict::Kind::kMaster)
        << "one that knows is enough";
}

class SentinelReplyTest : public ::testing::Test {
protected:
    RespValue read(std::string_view bytes) {
        reader_ = RespReader();
        reader_.feed(bytes);
        EXPECT_TRUE(reader_.next()) << bytes;
        return reader_.value();
    }
    RespReader reader_;
};

TEST_F(SentinelReplyTest, ReadsEpochStateAndAddress) {
    SentinelAnswer answer = read_master(
        read("%3\r\n+flags\r\n+s_down,o_down,master\r\n+ip\r\n+10.0.0.1\r\n+config-epoch\r\n+12\r\n"));
    EXPECT_EQ(answer.config_epoch, 12U);
    EXPECT_TRUE(answer.is_down);
    read_address(read("*2\r\n$8\r\n10.0.0.2\r\n$4\r\n6379\r\n"), answer);
    EXPECT_EQ(answer.kind, Kind::kMaster);
    EXPECT_EQ(answer.master, kNew) << "of the second command: the first still names the old one";
}

TEST_F(SentinelReplyTest, ReadsTheFlatListOfResp2) {
    const SentinelAnswer answer = read_master(read("*4\r\n+flags\r\n+master\r\n+config-epoch\r\n+3\r\n"));
    EXPECT_EQ(answer.kind, Kind::kMaster);
    EXPECT_EQ(answer.config_epoch, 3U);
    EXPECT_FALSE(answer.is_down);
}

TEST_F(SentinelReplyTest, SortsErrors) {
    EXPECT_EQ(read_master(read("-ERR No such master with that name\r\n")).kind, Kind::kUnknownName);
    EXPECT_EQ(read_master(read("-NOAUTH Authentication required.\r\n")).kind, Kind::kRefused);
    EXPECT_EQ(read_master(read("-ERR unknown command 'SENTINEL'\r\n")).kind, Kind::kNone);
    EXPECT_EQ(read_master(read("%1\r\n+config-epoch\r\n+twelve\r\n")).kind, Kind::kNone);
    EXPECT_EQ(read_master(read("+OK\r\n")).kind, Kind::kNone);
    SentinelAnswer answer = names({}, 3);
    read_address(read("*-1\r\n"), answer);
    EXPECT_EQ(answer.kind, Kind::kNone);
    answer = names({}, 3);
    read_address(read("*2\r\n+host\r\n+0\r\n"), answer);
    EXPECT_EQ(answer.kind, Kind::kNone);
}

TEST_F(SentinelReplyTest, ReadsTheOthersAndTheAnnouncement) {
    const auto others = read_sentinels(
        read("*2\r\n%2\r\n+ip\r\n+10.0.0.7\r\n+port\r\n+26379\r\n*4\r\n+port\r\n+bad\r\n+ip\r\n+x\r\n"));
    EXPECT_EQ(others, (std::vector<Address>{{"10.0.0.7", 26379}}));
    EXPECT_TRUE(is_switch_of("mymaster 10.0.0.1 6379 10.0.0.2 6379", "mymaster"));
    EXPECT_FALSE(is_switch_of("mymaster2 10.0.0.1 6379 10.0.0.2 6379", "mymaster"));
}

TEST(AddressTest, ReadsWhatItWrites) {
    for (const Address& address : {Address{"redis-1", 6379}, Address{"::1", 26379}, Address{"10.0.0.1", 1}})
        EXPECT_EQ(parse_address(to_text(address)), address);
    for (const char* text : {"", "host", "host:", ":1", "host:0", "host:65536", "host:12x"})
        EXPECT_EQ(parse_address(text), std::nullopt) << text;
}

}  // namespace
}  // namespace streamhost::redis
