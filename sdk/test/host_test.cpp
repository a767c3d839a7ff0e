#include "streamhost/host.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace streamhost {
namespace {

class Sample : public Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
    void configure(const Config& config) override { word = config.string("word"); }

    std::string word;
};

class Flexible : public Sample {
public:
    using Sample::Sample;
    void reconfigure(const Config& config) override {
        if (config.string("word").empty()) throw Failure(SH_INVALID, "no word");
        configure(config);
    }
};

class Timers : public ::testing::Test {
protected:
    /// A closure that counts, and something that it holds.
    Host::Task counting() {
        return [this, held = held_] { ++runs_; };
    }
    [[nodiscard]] bool is_held() const { return held_.use_count() > 1; }

    testing::FakeHost fake_;
    Sample& plugin_ = fake_.create<Sample>();
    std::shared_ptr<int> held_ = std::make_shared<int>(0);
    int runs_ = 0;
};

TEST_F(Timers, OneThatFiredHoldsNothing) {
    sh_handle timer = 0;
    ASSERT_EQ(plugin_.host().after(SH_ON_STORE, 10, counting(), &timer), SH_OK);
    fake_.advance(9);
    EXPECT_EQ(runs_, 0);
    EXPECT_TRUE(is_held());
    fake_.advance(100);
    EXPECT_EQ(runs_, 1);
    EXPECT_FALSE(is_held());
    plugin_.host().cancel(timer);  // too late, and no harm
}

TEST_F(Timers, ACancelledOneHoldsNothingAndNeverRuns) {
    sh_handle timer = 0;
    ASSERT_EQ(plugin_.host().after(SH_ON_STORE, 10, counting(), &timer), SH_OK);
    plugin_.host().cancel(timer);
    EXPECT_FALSE(is_held());
    fake_.advance(100);
    EXPECT_EQ(runs_, 0);
}

TEST_F(Timers, APeriodicOneRunsUntilItIsCancelledAlsoFromInside) {
    sh_handle timer = 0;
    ASSERT_EQ(plugin_.host().every(
                  SH_ON_STORE, 10,
                  [this, &timer, held = held_] {
                      if (++runs_ == 3) plugin_.host().cancel(timer);
                      EXPECT_GT(held.use_count(), 0);
                  },
                  &timer),
              SH_OK);
    fake_.advance(25);
    EXPECT_EQ(runs_, 2);
    EXPECT_TRUE(is_held());
    fake_.advance(1'000);
    EXPECT_EQ(runs_, 3);
    EXPECT_FALSE(is_held());
}

TEST_F(Timers, ManyKnowTheirOwn) {
    sh_handle first = 0;
    sh_handle second = 0;
    int others = 0;
    ASSERT_EQ(plugin_.host().every(SH_ON_STORE, 10, counting(), &first), SH_OK);
    ASSERT_EQ(plugin_.host().every(
                  SH_ON_STORE, 10, [&others] { ++others; }, &second),
              SH_OK);
    plugin_.host().cancel(first);
    fake_.advance(30);
    EXPECT_EQ(runs_, 0);
    EXPECT_EQ(others, 3);
}

TEST(Configure, ARunningPluginTakesNoOtherSectionUnlessItSaysHow) {
    testing::FakeHost fake;
    testing::FakeConfig config;
    config.set("word", std::string("one"));
    auto& plugin = fake.create<Sample>();
    ASSERT_EQ(fake.configure(config), SH_OK);
    ASSERT_EQ(fake.start(), SH_OK);
    config.set("word", std::string("two"));
    EXPECT_EQ(fake.configure(config), SH_NEEDS_RESTART);
    EXPECT_EQ(plugin.word, "one");
}

TEST(Configure, APluginThatSaysHowTakesIt) {
    testing::FakeHost fake;
    testing::FakeConfig config;
    config.set("word", std::string("one"));
    auto& plugin = fake.create<Flexible>();
    ASSERT_EQ(fake.configure(config), SH_OK);
    ASSERT_EQ(fake.start(), SH_OK);
    config.set("word", std::string("two"));
    EXPECT_EQ(fake.configure(config), SH_OK);
    EXPECT_EQ(plugin.word, "two");
    config.set("word", std::string());
    EXPECT_EQ(fake.configure(config), SH_INVALID);
    EXPECT_EQ(plugin.word, "two");
}

}  // namespace
}  // namespace streamhost
