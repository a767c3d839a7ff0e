// Switching off and on, and replacing, while loops and workers call: nobody reaches an instance that is gone,
// and a replacement is not noticed.
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lifecycle/plugins/sample_table.h"
#include "lifecycle/test_bridge.hpp"

namespace streamhost::test {
namespace {

using control::State;
using testing::HasSubstr;

/// Calls the sample service from both loops, the store loop and two workers, in bursts: a new one on each as
/// soon as [control] has done something and the last one is over. So calls are under way at every step of a
/// life cycle, and a busy machine is not kept busier by waiting.
class Callers {
public:
    explicit Callers(TestHost& host) : host_(host), lease_(host.sample_lease()) {
        host_.on_control = [this] { burst(); };
        burst();
    }
    ~Callers() {
        host_.on_control = {};
        for (const std::atomic<bool>& busy : busy_)
            busy.wait(true);
    }
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;
    /// Until `count` more calls were served.
    void wait_served(std::uint64_t count) {
        const std::uint64_t enough = served.load() + count;
        while (served.load() < enough) {
            burst();
            std::this_thread::yield();
        }
    }

    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> unavailable{0};
    std::atomic<std::uint64_t> dead{0};
    std::atomic<std::uint32_t> generation{0};

private:
    static constexpr int kCalls = 32;
    static constexpr std::array<sh_target, 5> kFrom{SH_ON_LOOP(0), SH_ON_LOOP(1), SH_ON_STORE, SH_ON_SHORT,
                                                    SH_ON_SHORT};

    void burst() {
        for (std::size_t i = 0; i < kFrom.size(); ++i) {
            if (busy_[i].exchange(true)) continue;
            const bool posted = host_.post(kFrom[i], [this, i] {
                for (int n = 0; n < kCalls; ++n)
                    call();
                busy_[i] = false;
                busy_[i].notify_one();
            });
            if (!posted) busy_[i] = false;
        }
    }
    void call() {
        const void* table = nullptr;
        void* self = nullptr;
        if (control::ServiceRegistry::enter(lease_, &table, &self) != SH_OK) {
            ++unavailable;
            return;
        }
        const auto& sample = *static_cast<const sample_table*>(table);
        generation = sample.generation;
        (sample.call(self) == 1 ? served : dead).fetch_add(1);
        control::ServiceRegistry::leave(lease_);
    }

    TestHost& host_;
    const sh_lease* lease_;
    std::array<std::atomic<bool>, kFrom.size()> busy_{};
};

TEST(Toggle, AThousandTimesWhileEverybodyCalls) {
    TestHost host;
    host.install("generation_1", "generation");
    ASSERT_TRUE(host.start({"generation"}));
    ASSERT_EQ(host.state("generation"), State::started) << host.reason("generation");
    std::uint64_t served = 0;
    {
        Callers callers(host);
        callers.wait_served(1);
        for (int i = 0; i < 1'000; ++i) {
            ASSERT_TRUE(host.toggle("generation", false)) << i;
            ASSERT_TRUE(host.toggle("generation", true)) << i;
        }
        EXPECT_EQ(callers.dead.load(), 0u);
        EXPECT_GT(callers.unavailable.load(), 0u);
        served = callers.served.load();
    }
    EXPECT_GT(served, 0u);
    EXPECT_EQ(host.loader.retained(), 1u);
    EXPECT_EQ(host.live_timers.load(), 1);
    EXPECT_EQ(host.supervisor.left_in_place(), 0u);
    EXPECT_TRUE(host.faults_seen().empty());
}

TEST(Toggle, TakesDependentsAlongAndBringsThemBack) {
    TestHost host;
    host.install("generation_1", "generation");
    host.install("consumer");
    ASSERT_TRUE(host.start({"generation", "consumer"}));
    EXPECT_EQ(host.state("consumer"), State::started) << host.reason("consumer");
    EXPECT_EQ(
        host.supervisor.plan("generation", false).text(),
        "stops     consumer: it requires test.sample/1, and its provider is disabled: enable generation\n"
        "stops     generation: switched off\n");
    EXPECT_EQ(host.state("generation"), State::started);  // that was the dry run
    ASSERT_TRUE(host.toggle("generation", false));
    EXPECT_EQ(host.supervisor.find_running("consumer"), nullptr);
    EXPECT_THAT(host.reason("consumer"), HasSubstr("its provider is disabled: enable generation"));
    ASSERT_TRUE(host.toggle("generation", true));
    EXPECT_NE(host.supervisor.find_running("consumer"), nullptr);
    EXPECT_EQ(host.services.edges().at(0).provider, "generation");
}

TEST(Toggle, AFailedProviderKeepsItsDependentsWaiting) {
    TestHost host;
    host.install("generation_3", "generation");
    host.install("consumer");
    ASSERT_TRUE(host.start({"generation", "consumer"}));
    EXPECT_EQ(host.state("generation"), State::failed);
    EXPECT_EQ(host.reason("generation"), "start() answered SH_UNAVAILABLE: this generation does not start");
    EXPECT_EQ(host.reason("consumer"),
              "it requires test.sample/1, and its provider did not start: see there");
}

TEST(RollOut, ReplacesTheCodeAndNobodyNotices) {
    TestHost host;
    host.install("generation_1", "generation");
    ASSERT_TRUE(host.start({"generation"}));
    {
        Callers callers(host);
        callers.wait_served(1);
        EXPECT_EQ(callers.generation.load(), 1u);
        host.install("generation_2", "generation");
        ASSERT_EQ(host.supervisor.roll_out("generation"), "");
        ASSERT_TRUE(host.settle());
        callers.wait_served(1'000);
        EXPECT_EQ(callers.generation.load(), 2u);
        EXPECT_EQ(callers.unavailable.load(), 0u);
        EXPECT_EQ(callers.dead.load(), 0u);
    }
    EXPECT_EQ(host.view("generation").generation, 2u);
    EXPECT_EQ(host.live_timers.load(), 1);
    EXPECT_EQ(host.loader.retained(), 2u);
    EXPECT_EQ(host.reason_of_step("generation", State::draining), "replaced by generation (generation 2)");
}

TEST(RollOut, OfAFileThatIsTheSameIsRefused) {
    TestHost host;
    host.install("generation_1", "generation");
    EXPECT_EQ(host.supervisor.roll_out("generation"), "generation is not running: switch it on instead");
    ASSERT_TRUE(host.start({"generation"}));
    EXPECT_EQ(host.supervisor.roll_out("generation"),
              "the file of generation (generation 1) has not changed: install the new one by renaming it "
              "into place");
}

TEST(RollOut, ThatFailsLeavesTheOldOneServing) {
    TestHost host;
    host.install("generation_1", "generation");
    ASSERT_TRUE(host.start({"generation"}));
    Callers callers(host);
    callers.wait_served(1);
    host.install("generation_3", "generation");
    ASSERT_EQ(host.supervisor.roll_out("generation"), "");
    ASSERT_TRUE(host.settle());
    host.install("wrong_magic", "generation");
    EXPECT_THAT(host.supervisor.roll_out("generation"), HasSubstr("; the running generation serves on"));
    callers.wait_served(1'000);
    EXPECT_EQ(callers.generation.load(), 1u);
    EXPECT_EQ(callers.unavailable.load(), 0u);
    EXPECT_EQ(host.state("generation"), State::started);
    EXPECT_EQ(
        host.reason("generation"),
        "generation (generation 2) failed: start() answered SH_UNAVAILABLE: this generation does not start; "
        "generation (generation 1) serves on");
}

TEST(Retired, AndANewFileGivesNewCode) {
    TestHost host;
    host.install("generation_1", "generation");
    ASSERT_TRUE(host.start({"generation"}));
    ASSERT_TRUE(host.toggle("generation", false));
    EXPECT_EQ(host.reason_of_step("generation", State::retired), "its library stays mapped");
    host.install("generation_2", "generation");
    ASSERT_TRUE(host.toggle("generation", true));
    const void* table = nullptr;
    void* self = nullptr;
    const sh_lease* lease = host.sample_lease();
    ASSERT_EQ(control::ServiceRegistry::enter(lease, &table, &self), SH_OK);
    EXPECT_EQ(static_cast<const sample_table*>(table)->generation, 2u);
    control::ServiceRegistry::leave(lease);
    EXPECT_EQ(host.view("generation").generation, 2u);
}

std::vector<std::string> retired(const TestHost& host) {
    std::vector<std::string> order;
    for (const control::StepRecord& step : host.steps) {
        if (step.to == State::retired) order.push_back(step.plugin);
    }
    return order;
}

TEST(StopAll, GoesDependentsFirst) {
    TestHost host;
    host.install("generation_1", "generation");
    host.install("consumer");
    host.install("never_drains");
    ASSERT_TRUE(host.start({"generation", "consumer", "never_drains"}));
    host.steps.clear();
    host.supervisor.stop_all(50);
    ASSERT_TRUE(host.settle());
    EXPECT_THAT(retired(host), testing::ElementsAre("never_drains", "consumer", "generation"));
    EXPECT_EQ(host.reason_of_step("generation", State::draining), "the host stops");
}

TEST(StopAll, LeavesThoseWhoWatchAndWhomTheyRequireForTheEnd) {
    TestHost host;
    host.install("generation_1", "generation");
    host.install("consumer");
    host.install("watches");
    ASSERT_TRUE(host.start({"generation", "consumer", "watches"}));
    host.supervisor.stop_all(1'000);
    ASSERT_TRUE(host.settle());
    EXPECT_THAT(retired(host), testing::ElementsAre("consumer"));
    EXPECT_EQ(host.state("watches"), State::started);
    EXPECT_EQ(host.state("generation"), State::started);
    host.supervisor.stop_last();
    ASSERT_TRUE(host.settle());
    EXPECT_THAT(retired(host), testing::ElementsAre("consumer", "watches", "generation"));
}

}  // namespace
}  // namespace streamhost::test
