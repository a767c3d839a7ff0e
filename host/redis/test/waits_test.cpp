#include "redis/driver/waits.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"

namespace streamhost::redis {
namespace {

using store::Submit;

// Listens when it is told to.
class ListenPort final : public Port {
public:
    void start(PortEvents&, std::vector<std::string>) override {}
    Submit call(std::string_view, std::string, std::uint32_t, CallDone) override { return Submit::kBusy; }
    Submit call_once(std::string_view, std::string, std::uint32_t, CallDone) override {
        return Submit::kBusy;
    }
    Submit listen(ListenTo, std::string_view name, std::uint32_t, CallDone done) override {
        asked.emplace_back(name);
        if (is_busy) return Submit::kBusy;
        waiting.push_back(std::move(done));
        return Submit::kAccepted;
    }
    Submit unlisten(ListenTo, std::string_view name, std::uint32_t, CallDone) override {
        left.emplace_back(name);
        return Submit::kAccepted;
    }
    void close() override {}
    std::uint64_t in_flight() const noexcept override { return waiting.size(); }
    std::uint64_t subscriptions() const noexcept override { return 0; }

    void answer(CallEnd end) {
        for (CallDone& done : std::exchange(waiting, {}))
            done({end, {}});
    }

    bool is_busy = false;
    std::vector<std::string> asked;
    std::vector<std::string> left;
    std::vector<CallDone> waiting;
};

class WaitsTest : public testing::Test {
protected:
    // What became of a waiter, and the question it has open.
    struct Seen {
        int asks = 0;
        bool is_busy = false;
        bool is_expired = false;
        bool is_ended = false;
        std::string holder;
        UniqueFunction<void(const Asked&)> then;

        void reply(const Asked& said) { std::exchange(then, {})(said); }
    };
    class Probe final : public Waiter {
    public:
        Probe(std::int64_t deadline_ms, Seen& seen) : Waiter(deadline_ms), seen_(seen) {}
        Submit ask(UniqueFunction<void(const Asked&)> then) override {
            ++seen_.asks;
            if (seen_.is_busy) return Submit::kBusy;
            seen_.then = std::move(then);
            return Submit::kAccepted;
        }
        void expire(const Asked& last) override {
            seen_.is_expired = true;
            seen_.holder = last.holder;
        }
        void end() override { seen_.is_ended = true; }

    private:
        Seen& seen_;
    };

    void join(Seen& seen, std::int64_t wait_ms = 60'000, std::int64_t again_in_ms = 300) {
        waits_.join("c", std::make_shared<Probe>(loop_.now_ms() + wait_ms, seen), waits_.wakes("c"),
                    {.again_in_ms = again_in_ms});
    }
    static Asked not_yet(std::int64_t again_in_ms = 300) { return {.again_in_ms = again_in_ms}; }

    store::conformance::ManualLoop loop_;
    ListenPort port_;
    store::conformance::RecordingSink sink_;
    Context context_{{}, port_, loop_, sink_};
    Waits waits_{context_};
};

TEST_F(WaitsTest, TheFirstAsksAgainOnceItsLineListens) {
    Seen first;
    join(first);
    EXPECT_EQ(port_.asked, std::vector<std::string>{"c"});
    EXPECT_EQ(first.asks, 0);
    port_.answer(CallEnd::kReply);
    EXPECT_EQ(first.asks, 1);
}

TEST_F(WaitsTest, AWakeBetweenTheFirstQuestionAndTheLineIsNotMissed) {
    Seen first;
    Seen second;
    join(first);
    port_.answer(CallEnd::kReply);
    const auto before = waits_.wakes("c");
    waits_.wake("c");
    first.reply({.is_done = true, .again_in_ms = 300});
    waits_.join("c", std::make_shared<Probe>(loop_.now_ms() + 1000, second), before, not_yet());
    EXPECT_EQ(second.asks, 1);
}

TEST_F(WaitsTest, WhileOneAsksAWakeIsKeptForAfterwards) {
    Seen first;
    Seen second;
    join(first);
    join(second);
    port_.answer(CallEnd::kReply);
    waits_.wake("c");
    waits_.wake("c");
    EXPECT_EQ(first.asks + second.asks, 1);
    first.reply(not_yet());
    EXPECT_EQ(first.asks, 2) << "who was first stays it";
    first.reply({.is_done = true, .again_in_ms = 0});
    EXPECT_EQ(second.asks, 1) << "there may be more";
}

TEST_F(WaitsTest, ItAsksWithoutBeingWoken) {
    Seen first;
    join(first);
    port_.answer(CallEnd::kReply);
    first.reply(not_yet());
    loop_.advance(299);
    EXPECT_EQ(first.asks, 1);
    loop_.advance(1);
    EXPECT_EQ(first.asks, 2);
}

TEST_F(WaitsTest, WithoutASubscriptionItAsksAndTriesAgainToListen) {
    Seen first;
    port_.is_busy = true;
    join(first);
    port_.is_busy = false;
    loop_.advance(300);
    EXPECT_EQ(port_.asked.size(), 2U);
    EXPECT_EQ(first.asks, 1);
    port_.answer(CallEnd::kUnavailable);
    first.reply(not_yet());
    loop_.advance(300);
    EXPECT_EQ(port_.asked.size(), 3U);
    EXPECT_EQ(first.asks, 2);
}

TEST_F(WaitsTest, AfterTheLinkCameBackEveryLineAsks) {
    Seen first;
    join(first);
    port_.answer(CallEnd::kReply);
    first.reply(not_yet(60'000));
    waits_.wake_all();
    EXPECT_EQ(first.asks, 2);
}

TEST_F(WaitsTest, AQuestionThatThePortDoesNotTakeIsAskedLater) {
    Seen first;
    join(first);
    first.is_busy = true;
    port_.answer(CallEnd::kReply);
    first.is_busy = false;
    loop_.advance(100);
    EXPECT_EQ(first.asks, 2);
    EXPECT_FALSE(first.is_expired);
}

TEST_F(WaitsTest, EachLeavesAtItsDeadlineAndKnowsTheNewestHolder) {
    Seen first;
    Seen second;
    join(first, 1000);
    join(second, 500);
    port_.answer(CallEnd::kReply);
    first.reply({.again_in_ms = 60'000, .holder = "h", .lapse_ms = loop_.now_ms() + 60'000});
    loop_.advance(499);
    EXPECT_FALSE(second.is_expired);
    loop_.advance(1);
    EXPECT_TRUE(second.is_expired);
    EXPECT_EQ(second.holder, "h");
    EXPECT_FALSE(first.is_expired);
    loop_.advance(500);
    EXPECT_TRUE(first.is_expired);
}

TEST_F(WaitsTest, WhoAsksAtItsDeadlineHearsTheAnswerFirst) {
    Seen gets;
    join(gets, 500);
    port_.answer(CallEnd::kReply);
    loop_.advance(1000);
    EXPECT_FALSE(gets.is_expired);
    gets.reply({.is_done = true, .again_in_ms = 0});
    loop_.advance(1000);
    EXPECT_FALSE(gets.is_expired);

    Seen gets_nothing;
    join(gets_nothing, 500, 100);
    loop_.advance(100);
    loop_.advance(1000);
    ASSERT_TRUE(gets_nothing.then);
    EXPECT_FALSE(gets_nothing.is_expired);
    gets_nothing.reply(not_yet());
    EXPECT_TRUE(gets_nothing.is_expired);
}

TEST_F(WaitsTest, ALineWithoutWaitersListensForAWhileThenIsForgotten) {
    Seen first;
    Seen second;
    join(first);
    port_.answer(CallEnd::kReply);
    first.reply({.is_done = true, .again_in_ms = 0});
    loop_.advance(9'000);
    join(second);
    EXPECT_EQ(port_.asked.size(), 1U) << "still listens";
    loop_.advance(300);
    second.reply({.is_done = true, .again_in_ms = 0});
    EXPECT_TRUE(port_.left.empty());
    loop_.advance(10'000);
    EXPECT_EQ(port_.left, std::vector<std::string>{"c"});
    waits_.wake("c");
    EXPECT_EQ(first.asks + second.asks, 2);
}

TEST_F(WaitsTest, TheEndReachesAllAlsoWhoAsks) {
    Seen asks;
    Seen stands;
    join(asks);
    join(stands);
    port_.answer(CallEnd::kReply);
    context_.close();
    waits_.end_all();
    EXPECT_TRUE(stands.is_ended);
    EXPECT_FALSE(asks.is_ended) << "before its answer";
    asks.reply(not_yet());
    EXPECT_TRUE(asks.is_ended);
    EXPECT_FALSE(asks.is_expired || stands.is_expired);
}

}  // namespace
}  // namespace streamhost::redis
