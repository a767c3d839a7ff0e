#include "redis/client/call_queue.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

using Words = std::vector<std::string>;

class CallQueueTest : public ::testing::Test {
protected:
    void push(const std::string& command, std::int64_t deadline_ms = 1'000, std::uint64_t order = 0) {
        ASSERT_TRUE(queue_.push(order, command, deadline_ms, note(command)));
    }
    CallDone note(const std::string& command) {
        return [this, command](const CallReply& reply) {
            ends_.push_back(command + (reply.end == CallEnd::kReply         ? " reply"
                                       : reply.end == CallEnd::kTimeout     ? " timeout"
                                       : reply.end == CallEnd::kUnavailable ? " unavailable"
                                                                            : " closed"));
        };
    }
    // Everything that goes out at this time.
    Words send_all(std::int64_t now_ms = 0) {
        Words sent;
        while (const auto call = queue_.next(now_ms)) {
            sent.emplace_back(call->command);
            ids_[sent.back()] = call->id;
            queue_.sent(call->id);
        }
        return sent;
    }
    void answer(const std::string& command) {
        if (CallDone done = queue_.answered(ids_.at(command))) done({CallEnd::kReply, {}});
    }
    void lose(const Words& commands, bool may_have_effect = true) {
        for (const std::string& command : commands)
            queue_.lost(ids_.at(command), may_have_effect);
    }
    static void run(std::vector<CallQueue::Ended> ended) {
        for (CallQueue::Ended& call : ended)
            call.done({call.end, {}});
    }

    CallQueue queue_{{.max_calls = 5, .max_bytes = 20}};
    Words ends_;
    std::map<std::string, std::uint64_t> ids_;
};

TEST_F(CallQueueTest, SendsInTheOrderOfTheCallsAndEachOnce) {
    push("a");
    push("b");
    EXPECT_EQ(send_all(), (Words{"a", "b"}));
    EXPECT_EQ(send_all(), Words{});
    answer("a");
    push("c");
    EXPECT_EQ(send_all(), Words{"c"});
    answer("b");
    answer("c");
    EXPECT_EQ(ends_, (Words{"a reply", "b reply", "c reply"}));
    EXPECT_EQ(queue_.size(), 0U);
    EXPECT_EQ(queue_.bytes(), 0U);
}

TEST_F(CallQueueTest, RepeatsWhatWasSentBeforeWhatIsNewer) {
    push("a");
    push("b");
    push("c");
    send_all();
    answer("a");
    lose({"b", "c"});
    push("d");
    const auto first = queue_.next(0);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->is_repeat);
    EXPECT_EQ(send_all(), (Words{"b", "c", "d"}));
}

TEST_F(CallQueueTest, WhatMayNotBeRepeatedEndsWhenItIsRefused) {
    ASSERT_TRUE(queue_.push(0, "once", 1'000, note("once"), CallQueue::Repeat::kForbidden));
    push("a");
    send_all();
    EXPECT_TRUE(queue_.refused(ids_["once"], 50));
    EXPECT_EQ(queue_.size(), 1U);
    push("b");
    EXPECT_FALSE(queue_.next(49)) << "the server takes nothing for now";
    EXPECT_TRUE(queue_.next(50));
}

TEST_F(CallQueueTest, WhatIsForOneConnectionEndsWithIt) {
    const auto push_once = [this](const std::string& command) {
        ASSERT_TRUE(queue_.push(0, command, 1'000, note(command), CallQueue::Repeat::kForbidden));
    };
    push("a");
    push_once("sent");
    send_all();
    push_once("waits");
    lose({"a", "sent"});
    queue_.disconnected();
    EXPECT_EQ(send_all(), Words{"a"}) << "the next connection carries the others alone";
    run(queue_.expire(0));
    EXPECT_EQ(ends_, (Words{"sent timeout", "waits unavailable"}));
    EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(CallQueueTest, AtItsDeadlineTellsWhatIsKnown) {
    push("sent", 100);
    send_all();
    push("waits", 100);
    push("later", 200);
    EXPECT_TRUE(queue_.expire(99).empty());
    run(queue_.expire(100));
    EXPECT_EQ(ends_, (Words{"sent timeout", "waits unavailable"}));
    EXPECT_EQ(send_all(), Words{"later"});
    answer("sent");  // comes too late, and nobody minds
    answer("later");
    EXPECT_EQ(ends_.back(), "later reply");
}

TEST_F(CallQueueTest, ACallLostOnTheWayIsNotKnownToHaveNoEffect) {
    push("gone", 100);
    push("kept", 100);
    send_all();
    lose({"gone"}, true);
    lose({"kept"}, false);
    run(queue_.expire(100));
    EXPECT_EQ(ends_, (Words{"gone timeout", "kept unavailable"}));
}

TEST_F(CallQueueTest, ARefusedCallKeepsItsPlaceAndHoldsTheOthers) {
    push("a");
    push("b");
    send_all();
    (void)queue_.refused(ids_["a"], 50);
    push("c");
    EXPECT_EQ(send_all(49), Words{});
    (void)queue_.refused(ids_["b"], 40);
    EXPECT_EQ(send_all(49), Words{}) << "an earlier time does not shorten the wait";
    EXPECT_EQ(send_all(50), (Words{"a", "b", "c"}));
}

TEST_F(CallQueueTest, ARefusalHasNoEffect) {
    push("a", 100);
    send_all();
    (void)queue_.refused(ids_["a"], 1'000);
    run(queue_.expire(100));
    EXPECT_EQ(ends_, Words{"a unavailable"});
}

TEST_F(CallQueueTest, AnAnswerThatOvertookARefusedCallOfItsOrderIsAskedForAgain) {
    push("a", 1'000, 7);
    push("b", 1'000, 7);
    push("other", 1'000, 8);
    send_all();
    (void)queue_.refused(ids_["a"], 10);
    answer("b");
    answer("other");
    EXPECT_EQ(ends_, Words{"other reply"});
    EXPECT_EQ(send_all(10), (Words{"a", "b"}));
    answer("a");
    answer("b");
    EXPECT_EQ(ends_, (Words{"other reply", "a reply", "b reply"}));
}

TEST_F(CallQueueTest, AnOpenBreakerEndsOnlyWhatHadNoEffect) {
    push("lost");
    push("underway");
    send_all();
    lose({"lost"});
    push("new");
    run(queue_.take_unsent());
    EXPECT_EQ(ends_, Words{"new unavailable"});
    EXPECT_EQ(send_all(), Words{"lost"});
}

TEST_F(CallQueueTest, CloseEndsEverythingInOrder) {
    push("a");
    push("b");
    send_all();
    push("c");
    run(queue_.take_all());
    EXPECT_EQ(ends_, (Words{"a closed", "b closed", "c closed"}));
    EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(CallQueueTest, IsBoundedInNumberAndBytes) {
    for (int call = 0; call < 5; ++call)
        push("x");
    EXPECT_FALSE(queue_.push(0, "x", 100, note("x")));
    run(queue_.take_all());
    push(std::string(20, 'y'));
    EXPECT_FALSE(queue_.push(0, "z", 100, note("z"))) << "bytes";
    send_all();
    answer(std::string(20, 'y'));
    push("z");
}

// Against a server that executes a prefix of what was sent before each connection ends: whatever happens,
// calls take effect first in their order, and each is answered once.
TEST_F(CallQueueTest, OrderHoldsOverAThousandRandomHistories) {
    for (unsigned seed = 0; seed < 1'000; ++seed) {
        std::mt19937 random(seed);
        CallQueue queue({.max_calls = 100, .max_bytes = 10'000});
        std::vector<int> effects;
        std::vector<int> answers;
        int pushed = 0;
        std::int64_t now = 0;
        struct Sent {
            std::uint64_t id;
            int number;
        };
        std::vector<Sent> wire;
        while (answers.size() < 20) {
            now += 10;
            for (unsigned count = random() % 4; count > 0 && pushed < 20; --count, ++pushed) {
                ASSERT_TRUE(
                    queue.push(1, std::to_string(pushed), INT64_MAX,
                               [&answers, number = pushed](const CallReply&) { answers.push_back(number); }));
            }
            while (const auto call = queue.next(now)) {
                wire.push_back({call->id, std::stoi(std::string(call->command))});
                queue.sent(call->id);
            }
            const std::size_t executed = random() % (wire.size() + 1);
            const bool ends = random() % 4 == 0;
            bool is_answered = true;  // answers come in order: behind a lost one there is none
            for (std::size_t at = 0; at < wire.size(); ++at) {
                const Sent& sent = wire[at];
                if (at >= executed) {
                    if (ends) queue.lost(sent.id, random() % 2 == 0);
                    continue;
                }
                is_answered = is_answered && (!ends || random() % 2 == 0);
                const bool is_refused = is_answered && random() % 8 == 0;
                if (!is_refused) effects.push_back(sent.number);
                if (!is_answered) {
                    queue.lost(sent.id, true);
                } else if (is_refused) {
                    (void)queue.refused(sent.id, now + 1);
                } else if (CallDone done = queue.answered(sent.id)) {
                    done({CallEnd::kReply, {}});
                }
            }
            wire.erase(wire.begin(),
                       wire.begin() + static_cast<std::ptrdiff_t>(ends ? wire.size() : executed));
        }
        for (int number = 0; number < 20; ++number) {
            ASSERT_EQ(std::count(answers.begin(), answers.end(), number), 1) << seed;
            ASSERT_NE(std::find(effects.begin(), effects.end(), number), effects.end()) << seed;
        }
        // The last effect of each is behind the last effect of those before it.
        std::ptrdiff_t last = -1;
        for (int number = 0; number < 20; ++number) {
            const auto at = std::find(effects.rbegin(), effects.rend(), number);
            const std::ptrdiff_t index = effects.rend() - at;
            ASSERT_GT(index, last) << "call " << number << " of history " << seed;
            last = index;
        }
    }
}

}  // namespace
}  // namespace streamhost::redis
