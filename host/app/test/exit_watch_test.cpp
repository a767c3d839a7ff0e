#include "app/exit_watch.hpp"

#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace streamhost::app {
namespace {

// Each ends a process of its own, which begins anew with one thread.
class ExitWatchDeathTest : public ::testing::Test {
protected:
    void SetUp() override { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

// Until a signal ends it.
[[noreturn]] void hang() {
    for (;;)
        ::pause();
}

TEST_F(ExitWatchDeathTest, SaysWhatIsLeftAndLeaves) {
    EXPECT_EXIT(
        {
            const ExitWatch watch(1'000, [] { return std::string("plugin chat (draining), 7 clients"); });
            hang();
        },
        ::testing::ExitedWithCode(1),
        "the time to stop is over: leaving with what is left.*plugin chat \\(draining\\), 7 clients");
}

TEST_F(ExitWatchDeathTest, SaysWhatItWasToldInsteadOfAsking) {
    EXPECT_EXIT(
        {
            ExitWatch watch(1'000, [] { return std::string("who is gone already"); });
            watch.only("threads that end");
            hang();
        },
        ::testing::ExitedWithCode(1), "left=.?threads that end");
}

TEST_F(ExitWatchDeathTest, LeavesWithoutNamesWhenAskingForThemHangs) {
    EXPECT_EXIT(
        {
            const ExitWatch watch(1'000, []() -> std::string { hang(); });
            hang();
        },
        ::testing::ExitedWithCode(1), "the time to stop is over: leaving with what is left\n");
}

TEST_F(ExitWatchDeathTest, IsSilentWhenAllHasEndedInTime) {
    EXPECT_EXIT(
        {
            bool was_asked = false;
            {
                const ExitWatch watch(3'600'000, [&] { return was_asked = true, std::string(); });
            }
            ::_exit(was_asked ? 2 : 0);
        },
        ::testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace streamhost::app
