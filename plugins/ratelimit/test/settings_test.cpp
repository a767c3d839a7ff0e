#include "settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/testing/fake_config.hpp"

#include "fixture.hpp"

namespace ratelimit {
namespace {

using streamhost::Config;
using streamhost::Failure;
using streamhost::testing::FakeConfig;
using ::testing::HasSubstr;

Settings read(const FakeConfig& config) { return read_settings(Config(config.table())); }

std::string why(const FakeConfig& config) {
    try {
        (void)read(config);
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.status(), SH_INVALID);
        return failure.what();
    }
    return "accepted";
}

TEST(Rate, HasANumberAndAUnit) {
    EXPECT_EQ(parse_rate("10/second"), 100'000'000);
    EXPECT_EQ(parse_rate("0.5/second"), 2'000'000'000);
    EXPECT_EQ(parse_rate("600/minute"), 100'000'000);
    EXPECT_EQ(parse_rate("1/hour"), 3'600'000'000'000);
    EXPECT_EQ(parse_rate("1000000/second"), 1'000);
    for (const char* text : {"", "10", "10/", "/second", "ten/second", "10/s", "10 /second", "10/seconds",
                             "-1/second", "0/second", "1e3/second", "0x10/second", "nan/second", "inf/second",
                             "1000001/second", "0.01/hour", "10/second "})
        EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Rate, IsShownAsItIsWritten) {
    for (const char* text : {"10/second", "1000000/second", "30/minute", "59/hour", "0.5/hour"})
        EXPECT_EQ(show_rate(*parse_rate(text)), text);
    EXPECT_EQ(show_rate(*parse_rate("0.25/second")), "15/minute");
}

TEST(Settings, AreReadWhole) {
    FakeConfig config;
    config.set("limits.0.by", "user")
        .set("limits.0.rate", "2/second")
        .set("limits.0.burst", std::int64_t{20});
    config.set("limits.0.verbs.0", "send").set("limits.0.verbs.1", "produce").set("limits.0.scope", "global");
    config.set("connections.per_address", std::int64_t{7}).set("prefixes.ipv6", std::int64_t{56});
    config.set("exempt.addresses.0", "10.0.0.0/8").set("exempt.users.0", "robot");
    config.set("max_buckets", std::int64_t{5'000});
    const Settings made = read(config);
    ASSERT_EQ(made.limits.size(), 1u);
    EXPECT_EQ(made.limits[0], (Limit{By::kUser, testing::bit(SH_RATE_SEND) | testing::bit(SH_RATE_PRODUCE),
                                     Rate{500'000'000, 20}, Scope::kGlobal}));
    EXPECT_EQ(made.connections.per_address, 7u);
    EXPECT_EQ(made.connections.per_user, 0u);
    EXPECT_EQ(made.prefixes, (Prefixes{32, 56}));
    EXPECT_EQ(made.exempt_networks.size(), 1u);
    EXPECT_TRUE(made.exempt_users.contains("robot"));
    EXPECT_EQ(made.max_buckets, 5'000u);
}

TEST(Settings, WithoutVerbsALimitIsForAll) {
    FakeConfig config;
    config.set("limits.0.by", "node")
        .set("limits.0.rate", "2/second")
        .set("limits.0.burst", std::int64_t{20});
    const Settings made = read(config);
    EXPECT_EQ(made.limits.at(0).verbs, kAllVerbs);
    EXPECT_EQ(made.limits.at(0).scope, Scope::kLocal);
}

TEST(Settings, SayWhatToChange) {
    const auto with = [](const char* rate, std::int64_t burst) {
        FakeConfig config;
        config.set("limits.0.by", "user").set("limits.0.rate", rate).set("limits.0.burst", burst);
        return why(config);
    };
    EXPECT_THAT(with("10", 1), HasSubstr("plugins.ratelimit.limits.0.rate"));
    EXPECT_THAT(with("1/hour", 25), HasSubstr("more than a day"));
    EXPECT_EQ(with("1/hour", 24), "accepted");
    EXPECT_THAT(with("10/second", 0), HasSubstr("limits.0.burst"));
    EXPECT_THAT(with("1000000/second", 1'000'001), HasSubstr("limits.0.burst"));
    FakeConfig network;
    network.set("exempt.addresses.0", "10.0.0.1/8");
    EXPECT_THAT(why(network), HasSubstr("exempt.addresses.0"));
    FakeConfig twice;
    for (const char* at : {"limits.0", "limits.1"})
        twice.set(std::string(at) + ".by", "user")
            .set(std::string(at) + ".rate", "1/second")
            .set(std::string(at) + ".burst", std::int64_t{1});
    EXPECT_THAT(why(twice), HasSubstr("limits.1: is there twice"));
    FakeConfig verb;
    verb.set("limits.0.by", "user").set("limits.0.rate", "1/second").set("limits.0.verbs.0", "shout");
    EXPECT_THAT(why(verb), HasSubstr("limits.0.verbs.0"));
}

}  // namespace
}  // namespace ratelimit
