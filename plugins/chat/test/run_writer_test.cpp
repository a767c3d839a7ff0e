#include "run_writer.hpp"

#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/bytes.hpp"

namespace chat {
namespace {

using namespace std::chrono_literals;

// A streamcache that holds so many entries until a test makes room.
class BoundedPort : public EntryPort {
public:
    sh_status write(const sh_item& item, bool wants_answer) override {
        const std::lock_guard lock(mutex_);
        ++writes;
        if (status != SH_OK) return status;
        if (waiting_.size() >= room) {
            refused.set_value_once();
            return SH_BUSY;
        }
        entries.emplace_back(streamhost::view(item.data));
        waiting_.push_back(wants_answer);
        return SH_OK;
    }
    void first_entry() override { ++firsts; }
    // The store took all of it.
    void drain(RunWriter& writer) {
        std::vector<bool> answers;
        {
            const std::lock_guard lock(mutex_);
            answers.swap(waiting_);
        }
        for (const bool wanted : answers)
            if (wanted) writer.answered();
    }
    struct Once {
        std::promise<void> promise;
        bool done = false;
        void set_value_once() {
            if (!std::exchange(done, true)) promise.set_value();
        }
    } refused;

    std::vector<std::string> entries;
    std::size_t room = 1'000;
    sh_status status = SH_OK;
    int writes = 0;
    int firsts = 0;

private:
    std::mutex mutex_;
    std::vector<bool> waiting_;
};

TEST(RunWriter, TextIsEscapedAndNeverTorn) {
    BoundedPort port;
    StopSignal stop;
    RunWriter writer(port, stop);
    EXPECT_TRUE(writer.text("a\"\xE2\x82"));
    EXPECT_TRUE(writer.text("\xAC\n"));
    EXPECT_TRUE(writer.text(""));
    EXPECT_TRUE(writer.flush());
    EXPECT_EQ(port.entries, (std::vector<std::string>{"a\\\"", "\xE2\x82\xAC\\n"}));
    EXPECT_EQ(port.firsts, 1);
}

TEST(RunWriter, LongTextBecomesEntriesOfABoundedSize) {
    BoundedPort port;
    StopSignal stop;
    RunWriter writer(port, stop);
    std::string text;
    while (text.size() < 200'000)
        text += "\xE2\x82\xAC\x01";
    EXPECT_TRUE(writer.text(text));
    EXPECT_GT(port.entries.size(), 5u);
    for (const std::string& entry : port.entries)
        EXPECT_LE(entry.size(), 256u << 10);
}

TEST(RunWriter, WaitsForRoomAndLosesNothing) {
    BoundedPort port;
    port.room = 4;
    StopSignal stop;
    RunWriter writer(port, stop, {.answer_each_entries = 2});
    auto first_refusal = port.refused.promise.get_future();
    auto done = std::async(std::launch::async, [&] {
        for (int index = 0; index < 10; ++index)
            if (!writer.text(std::to_string(index))) return false;
        return true;
    });
    ASSERT_EQ(first_refusal.wait_for(10s), std::future_status::ready);
    while (done.wait_for(1ms) != std::future_status::ready)
        port.drain(writer);
    EXPECT_TRUE(done.get());
    EXPECT_EQ(port.entries, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

TEST(RunWriter, WhileItWaitsItDoesNotSpin) {
    BoundedPort port;
    port.room = 2;
    StopSignal stop;
    RunWriter writer(port, stop, {.max_wait = 200ms, .answer_each_entries = 1});
    EXPECT_TRUE(writer.text("a"));
    EXPECT_TRUE(writer.text("b"));
    EXPECT_FALSE(writer.text("c"));
    EXPECT_EQ(writer.over(), SH_TIMEOUT);
    EXPECT_LE(port.writes, 5);
    EXPECT_FALSE(writer.text("d")) << "no hole in the text";
}

TEST(RunWriter, AStopWakesTheOneWhoWaits) {
    BoundedPort port;
    port.room = 1;
    StopSignal stop;
    RunWriter writer(port, stop, {.max_wait = 60s, .answer_each_entries = 1});
    EXPECT_TRUE(writer.text("a"));
    auto first_refusal = port.refused.promise.get_future();
    auto blocked = std::async(std::launch::async, [&] { return writer.text("b"); });
    ASSERT_EQ(first_refusal.wait_for(10s), std::future_status::ready);
    stop.stop(StopReason::cancelled);
    ASSERT_EQ(blocked.wait_for(10s), std::future_status::ready);
    EXPECT_FALSE(blocked.get());
    EXPECT_EQ(writer.over(), SH_CANCELLED);
}

TEST(RunWriter, ARefusalEndsIt) {
    BoundedPort port;
    port.status = SH_FENCED;
    StopSignal stop;
    RunWriter writer(port, stop);
    EXPECT_FALSE(writer.text("a"));
    EXPECT_EQ(writer.over(), SH_FENCED);
    EXPECT_FALSE(writer.flush());
}

TEST(RunWriter, APartComesAfterTheTextBeforeIt) {
    BoundedPort port;
    StopSignal stop;
    RunWriter writer(port, stop);
    EXPECT_TRUE(writer.text("a\xE2"));
    EXPECT_TRUE(writer.part("{\"x\":1}"));
    EXPECT_EQ(port.entries, (std::vector<std::string>{"a", "\xEF\xBF\xBD", "{\"x\":1}"}));
    EXPECT_FALSE(writer.part(std::string(300u << 10, ' ')));
    EXPECT_EQ(writer.over(), SH_TOO_LARGE);
}

TEST(StopSignal, TheFirstReasonCountsAndInterruptsWhatBlocks) {
    StopSignal stop;
    int interrupted = 0;
    {
        const StopSignal::Interruptible outer(stop, [&] { ++interrupted; });
        const StopSignal::Interruptible inner(stop, [&] { ++interrupted; });
        stop.stop(StopReason::cancelled);
        stop.stop(StopReason::shutdown);
        EXPECT_EQ(interrupted, 2);
    }
    EXPECT_EQ(stop.reason(), StopReason::cancelled);
    EXPECT_TRUE(stop.wait_for(1h));
    const StopSignal::Interruptible late(stop, [&] { ++interrupted; });
    EXPECT_EQ(interrupted, 3) << "what begins to block after the stop must not block";
}

}  // namespace
}  // namespace chat
