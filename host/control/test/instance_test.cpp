#include "control/instance.hpp"

#include <cstring>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/test/house.hpp"

namespace streamhost::control {
namespace {

using test::describe;
using test::House;
using test::say;
using test::Script;

class InstanceTest : public testing::Test {
protected:
    std::shared_ptr<Instance> created() { return house_.make_created(script_, describe("sample")); }

    House house_;
    Script script_;
};

TEST_F(InstanceTest, IsFoundBehindTheHostPointer) {
    const auto instance = created();
    EXPECT_EQ(&Instance::of(script_.host), instance.get());
    EXPECT_EQ(instance->context(), &house_);
    EXPECT_STREQ(script_.host->version, "0.0.0");
    EXPECT_EQ(script_.host->struct_size, sizeof(sh_host));
    EXPECT_EQ(instance->label(), "sample (generation 1)");
}

TEST_F(InstanceTest, AnswersNameTheFunctionTheStatusAndTheReason) {
    script_.start = [](sh_error* error) {
        say(error, "no store here");
        return SH_UNAVAILABLE;
    };
    EXPECT_EQ(created()->start().text, "start() answered SH_UNAVAILABLE: no store here");
    script_.start = [](sh_error*) { return SH_BUSY; };
    EXPECT_EQ(created()->start().text, "start() answered SH_BUSY and gave no reason");
    script_.start = [](sh_error*) { return 9'999; };
    EXPECT_EQ(created()->start().text, "start() answered SH_INTERNAL and gave no reason");
}

TEST_F(InstanceTest, AReasonWithoutItsTerminatorIsCut) {
    script_.configure = [](sh_error* error) {
        std::memset(error->text, 'x', sizeof error->text);
        return SH_INVALID;
    };
    const std::string text = created()->configure(sh_config{}).text;
    EXPECT_EQ(text, "configure() answered SH_INVALID: " + std::string(sizeof(sh_error{}.text), 'x'));
}

TEST_F(InstanceTest, ExceptionsBecomeAnswers) {
    script_.start = [](sh_error*) -> sh_status { throw std::runtime_error("boom"); };
    script_.stop = [] { throw 42; };
    const auto instance = created();
    EXPECT_EQ(instance->start().text,
              "start() threw (boom): no exception may leave a plugin, catch it there");
    const HookAnswer stopped = instance->stop();
    EXPECT_EQ(stopped.status, SH_INTERNAL);
    EXPECT_EQ(stopped.text,
              "stop() threw (something that is no std::exception): no exception may leave a plugin, catch it "
              "there");
    EXPECT_EQ(instance->faults(), 2u);
    EXPECT_THAT(house_.faults, testing::ElementsAre("sample start: boom",
                                                    "sample stop: something that is no std::exception"));
}

TEST_F(InstanceTest, ADrainThatThrowsHasNothingLeft) {
    script_.drain = [](std::uint32_t, sh_error*) -> std::uint32_t { throw std::logic_error("oh"); };
    const auto left = created()->drain(10);
    EXPECT_EQ(left.count, 0u);
    EXPECT_EQ(left.why, "drain() threw (oh): no exception may leave a plugin, catch it there");
}

TEST_F(InstanceTest, LoopContextIsKeptPerLoop) {
    int contexts[2] = {};
    void* stopped_with = nullptr;
    script_.loop_start = [&](std::uint32_t loop) -> void* { return &contexts[loop]; };
    script_.loop_stop = [&](std::uint32_t, void* context) { stopped_with = context; };
    const auto instance = created();
    EXPECT_TRUE(instance->loop_start(0).ok());
    EXPECT_TRUE(instance->loop_start(1).ok());
    EXPECT_EQ(instance->loop_context(1), &contexts[1]);
    instance->loop_stop(1);
    EXPECT_EQ(stopped_with, &contexts[1]);
    EXPECT_EQ(instance->loop_context(1), nullptr);
}

TEST_F(InstanceTest, ALoopThatDidNotStartIsNotStopped) {
    script_.loop_start = [](std::uint32_t) -> void* { throw std::runtime_error("no"); };
    const auto instance = created();
    EXPECT_FALSE(instance->loop_start(0).ok());
    instance->loop_stop(0);
    instance->loop_stop(1);
    EXPECT_FALSE(script_.called("loop_stop 0"));
    EXPECT_FALSE(script_.called("loop_stop 1"));
}

TEST_F(InstanceTest, NobodyIsCalledOnceTheGateIsClosed) {
    int ran = 0;
    script_.run_task = [&](std::uint64_t) { ++ran; };
    script_.complete = [&](std::uint64_t, const sh_result&) { ++ran; };
    const auto instance = created();
    instance->run_task(1);
    instance->complete(1, sh_result{});
    EXPECT_TRUE(instance->call("handler", [&] { ++ran; }));
    EXPECT_EQ(ran, 3);
    instance->gate().close();
    instance->run_task(1);
    instance->complete(1, sh_result{});
    EXPECT_FALSE(instance->call("handler", [&] { ++ran; }));
    EXPECT_EQ(ran, 3);
}

TEST_F(InstanceTest, TheGateCountsWorkersAndNotLoops) {
    const auto instance = created();
    std::uint32_t counted = 9;
    const auto look = [&] { counted = instance->gate().counted(); };
    EXPECT_TRUE(instance->call("handler", look));
    EXPECT_EQ(counted, 1u);
    const runtime::RoleScope scope(runtime::Role::store);
    EXPECT_TRUE(instance->call("handler", look));
    EXPECT_EQ(counted, 0u);
    EXPECT_EQ(instance->gate().counted(), 0u);
}

}  // namespace
}  // namespace streamhost::control
