#include <memory>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/host.hpp"

#include "bridge/extensions.hpp"
#include "bridge/test/fixture.hpp"

namespace streamhost::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A plugin written with the SDK, on the tables that the host gives out.
class TaskTest : public testing::Test {
protected:
    TaskTest() {
        set_loop_count(1);
        script_.run_task = [this](std::uint64_t task) { host_->run_task(task); };
        script_.complete = [this](std::uint64_t token, const sh_result& result) {
            host_->run_answer(token, result);
        };
        instance_ = fixture_.make(script_, "asker");
        host_.emplace(script_.host);
        instance_->start_hold().release();
    }
    /// Until the store loop takes no more from plugins.
    std::size_t fill_store_loop() {
        std::size_t posted = 0;
        while (host_->post(SH_ON_STORE, [this] { ++ran_; }) == SH_OK)
            ++posted;
        return posted;
    }
    /// Asks for a service that nobody provides.
    void ask(std::uint32_t deadline_ms = 1'000) {
        host_->ask(
            SH_ON_STORE, Lease<int>(), deadline_ms, [](const int&, void*, sh_ticket) {},
            [this](const sh_result& result) { answers_.push_back(result.status); });
    }

    test::Fixture fixture_;
    test::Script script_;
    std::shared_ptr<control::Instance> instance_;
    std::optional<Host> host_;
    std::size_t ran_ = 0;
    std::vector<sh_status> answers_;
};

TEST_F(TaskTest, ALoopThatIsFullTakesNoMore) {
    const std::size_t posted = fill_store_loop();
    EXPECT_EQ(posted, runtime::LoopOptions{}.inbox_limit);
    fixture_.settle();
    EXPECT_EQ(ran_, posted);
    EXPECT_EQ(host_->post(SH_ON_STORE, [] {}), SH_OK);
}

TEST_F(TaskTest, ACallThatFailsIsAnsweredAlsoWhenTheLoopIsFull) {
    static_cast<void>(fill_store_loop());
    ask();   // its ticket is withdrawn
    ask(0);  // it gets none
    EXPECT_THAT(answers_, IsEmpty()) << "never inside the call";
    EXPECT_EQ(host_->post(SH_ON_STORE, [] {}), SH_BUSY) << "room for the answers, and for nothing else";
    fixture_.settle();
    EXPECT_THAT(answers_, ElementsAre(SH_UNAVAILABLE, SH_INVALID));
}

}  // namespace
}  // namespace streamhost::bridge
