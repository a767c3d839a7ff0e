// Nodes that share a limit through a store that is quick, slow, deaf or away: all together never let pass
// more than the limit and a batch for each.
#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "gcra.hpp"
#include "lease.hpp"

namespace ratelimit {
namespace {

using namespace testing;

struct Habits {
    std::int64_t slowest_ms = 5;  // of an answer
    int deaf_of_hundred = 0;      // questions whose answer is lost behind their effect
    int takes_of_hundred = 90;    // tries per ms and node
    std::uint64_t seed = 1;
};

class Fleet {
public:
    Fleet(const Rate& rate, std::size_t nodes, const Habits& habits)
        : rate_(rate), habits_(habits), random_(habits.seed) {
        for (std::size_t count = 0; count < nodes; ++count)
            nodes_.push_back(Node{Lease(rate, now_), {}});
    }

    void run(std::int64_t ms) {
        for (std::int64_t step = 0; step < ms; ++step) {
            now_.now_ns += kMs;
            for (Node& node : nodes_)
                live(node);
        }
    }
    [[nodiscard]] std::int64_t passed_between(std::int64_t from_ns, std::int64_t to_ns) const {
        std::int64_t passed = 0;
        for (const std::int64_t at_ns : passed_)
            passed += at_ns >= from_ns && at_ns < to_ns ? 1 : 0;
        return passed;
    }
    [[nodiscard]] std::int64_t bound(std::int64_t ns) const {
        return rate_.burst + ns / rate_.interval_ns + 1 +
               static_cast<std::int64_t>(nodes_.size()) * batch_of(rate_);
    }

    Moment now_{kSecond};
    std::vector<std::int64_t> passed_;
    std::int64_t on_share_ = 0;

private:
    struct Answer {
        std::int64_t at_ns;
        std::int64_t granted;  // -1: failed
        std::int64_t wait_ns;
    };
    struct Node {
        Lease lease;
        std::deque<Answer> answers;
    };

    void live(Node& node) {
        while (!node.answers.empty() && node.answers.front().at_ns <= now_.now_ns) {
            const Answer answer = node.answers.front();
            node.answers.pop_front();
            if (answer.granted < 0)
                node.lease.failed(now_.now_ns);
            else
                node.lease.answered(answer.granted, answer.wait_ns, now_.now_ns);
        }
        if (static_cast<int>(random_() % 100) < habits_.takes_of_hundred &&
            node.lease.wait_ns(rate_, 1, now_) == 0) {
            on_share_ += node.lease.take(rate_, 1, now_) ? 1 : 0;
            passed_.push_back(now_.now_ns);
        }
        if (const std::int64_t want = node.lease.ask(rate_, now_); want > 0) question(node, want);
    }
    void question(Node& node, std::int64_t want) {
        std::int64_t granted = 0;
        while (granted < want && store_.wait_ns(rate_, 1, now_.now_ns) == 0) {
            store_.take(rate_, 1, now_.now_ns);
            ++granted;
        }
        const std::int64_t wait_ns = granted < want ? store_.wait_ns(rate_, 1, now_.now_ns) : 0;
        const auto late =
            static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(habits_.slowest_ms));
        const bool is_lost = static_cast<int>(random_() % 100) < habits_.deaf_of_hundred;
        node.answers.push_back(is_lost ? Answer{now_.now_ns + 2 * kSecond, -1, 0}
                                       : Answer{now_.now_ns + (1 + late) * kMs, granted, wait_ns});
    }

    Rate rate_;
    Habits habits_;
    std::mt19937_64 random_;
    Gcra store_;
    std::vector<Node> nodes_;
};

void expect_bounded(const Fleet& fleet, std::int64_t from_ns, std::int64_t to_ns) {
    for (std::int64_t begin = from_ns; begin < to_ns; begin += 500 * kMs)
        for (const std::int64_t length : {100 * kMs, kSecond, 5 * kSecond})
            ASSERT_LE(fleet.passed_between(begin, begin + length), fleet.bound(length))
                << begin << " " << length;
}

TEST(Fleet, NeverExceedsTheLimitByMoreThanABatchPerNode) {
    for (const Rate& rate : {Rate{100 * kMs, 20}, Rate{kMs, 100}, Rate{kSecond, 3}, Rate{10 * kMs, 400}}) {
        for (const std::size_t nodes : {1UL, 3UL, 10UL}) {
            Fleet fleet(rate, nodes, {.seed = nodes});
            fleet.run(10'000);
            expect_bounded(fleet, kSecond, 11 * kSecond);
            EXPECT_EQ(fleet.on_share_, 0);
        }
    }
}

TEST(Fleet, LetsPassWhatTheLimitAllowsUnderLoad) {
    Fleet fleet({10 * kMs, 50}, 3, {});
    fleet.run(20'000);
    const std::int64_t steady = fleet.passed_between(6 * kSecond, 21 * kSecond);
    EXPECT_GE(steady, 1'500 * 95 / 100);
    EXPECT_LE(steady, 1'500 + fleet.bound(0));
}

TEST(Fleet, OneQuietNodeLeavesNearlyAllToTheOthers) {
    Fleet busy({10 * kMs, 50}, 2, {});
    busy.run(2'000);  // both hold tokens
    const std::int64_t before = static_cast<std::int64_t>(busy.passed_.size());
    EXPECT_GE(before, 50 + 180);
    EXPECT_LE(before, busy.bound(2 * kSecond));
}

TEST(Fleet, SlowAnswersCostNothingButTime) {
    Fleet fleet({100 * kMs, 20}, 3, {.slowest_ms = 200});
    fleet.run(20'000);
    expect_bounded(fleet, kSecond, 21 * kSecond);
    EXPECT_EQ(fleet.on_share_, 0);
    EXPECT_GE(fleet.passed_between(kSecond, 21 * kSecond), 200);
}

// A lost answer takes tokens along: the limit becomes stricter, and while it is waited for the share decides.
TEST(Fleet, LostAnswersNeitherStopItNorOpenIt) {
    Fleet fleet({100 * kMs, 20}, 3, {.deaf_of_hundred = 20});
    fleet.now_.nodes = 3;
    fleet.run(30'000);
    const std::int64_t passed = fleet.passed_between(kSecond, 31 * kSecond);
    EXPECT_GE(passed, 150);
    // At the worst the shares come on top: the limit once more.
    EXPECT_LE(passed, 2 * fleet.bound(30 * kSecond));
    EXPECT_GT(fleet.on_share_, 0);
}

TEST(Fleet, WithoutAStoreEachKeepsItsShareAndTogetherTheyKeepTheLimit) {
    Fleet fleet({100 * kMs, 30}, 3, {});
    fleet.run(5'000);
    fleet.now_.is_store_away = true;
    fleet.now_.nodes = 3;
    fleet.run(20'000);
    // What was in hand, three shares of the burst, and the rate.
    EXPECT_LE(fleet.passed_between(6 * kSecond, 26 * kSecond), fleet.bound(20 * kSecond));
    EXPECT_GE(fleet.passed_between(7 * kSecond, 26 * kSecond), 180);
    fleet.now_.is_store_away = false;
    const std::int64_t back_ns = fleet.now_.now_ns;
    fleet.run(10'000);
    EXPECT_LE(fleet.passed_between(back_ns, back_ns + 10 * kSecond), fleet.bound(10 * kSecond));
    EXPECT_GE(fleet.passed_between(back_ns, back_ns + 10 * kSecond), 95);
}

}  // namespace
}  // namespace ratelimit
