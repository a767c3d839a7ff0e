// The list of open runs, and the queue.

#include <algorithm>
#include <set>

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

class JobCalls {
public:
    JobCalls(Store& store) : jobs_(store.jobs()) {}

    auto put(std::string_view shard, std::string_view member, std::uint32_t due_in_ms) {
        return [=, this](OpenDone done) {
            return jobs_.open_put({.shard = shard, .member = member, .due_in_ms = due_in_ms},
                                  std::move(done));
        };
    }
    auto take_due(std::string_view shard, std::uint32_t ahead_ms = 3000, std::uint32_t max = 64) {
        return [=, this](OpenDone done) {
            return jobs_.open_take({.shard = shard, .ahead_ms = ahead_ms, .max = max}, std::move(done));
        };
    }
    auto remove(std::string_view shard, std::string_view member) {
        return [=, this](OpenDone done) {
            return jobs_.open_remove({.shard = shard, .member = member}, std::move(done));
        };
    }
    auto push(std::string_view queue, std::string_view payload) {
        return [=, this](QueueDone done) {
            return jobs_.push({.queue = queue, .payload = payload}, std::move(done));
        };
    }
    auto take(std::string_view queue, std::string_view consumer, std::uint32_t max = 1,
              std::uint32_t wait_ms = 0, std::uint32_t idle_ms = 0) {
        return [=, this](QueueDone done) {
            return jobs_.take(
                {.queue = queue, .consumer = consumer, .max = max, .wait_ms = wait_ms, .idle_ms = idle_ms},
                std::move(done));
        };
    }
    auto ack(std::string_view queue, std::vector<std::string> ids) {
        return [=, this](QueueDone done) {
            const std::vector<std::string_view> views(ids.begin(), ids.end());
            return jobs_.ack({.queue = queue, .jobs = views}, std::move(done));
        };
    }
    auto depth(std::string_view queue) {
        return [=, this](QueueDone done) { return jobs_.depth({.queue = queue}, std::move(done)); };
    }

private:
    JobCommands& jobs_;
};

TEST_P(Jobs, DueMembersAreTakenByMovingThemAhead) {
    JobCalls calls(store());
    const auto shard = fresh_home();
    EXPECT_EQ(run<OpenReply>(calls.put(shard, "late", 50'000)).size, 1U);
    EXPECT_EQ(run<OpenReply>(calls.put(shard, "now", 0)).size, 2U);
    const auto due = run<OpenReply>(calls.take_due(shard, 500));
    EXPECT_EQ(due.status, Status::kOk);
    EXPECT_EQ(due.members, std::vector<std::string>{"now"});
    EXPECT_EQ(due.size, 2U);
    EXPECT_TRUE(run<OpenReply>(calls.take_due(shard, 500)).members.empty());
    pass(500);
    EXPECT_EQ(run<OpenReply>(calls.take_due(shard, 500)).members, std::vector<std::string>{"now"});
}

TEST_P(Jobs, TheSoonestDueComesFirstAndAPutMoves) {
    JobCalls calls(store());
    const auto shard = fresh_home();
    run<OpenReply>(calls.put(shard, "b", 200));
    run<OpenReply>(calls.put(shard, "a", 300));
    run<OpenReply>(calls.put(shard, "c", 100));
    run<OpenReply>(calls.put(shard, "b", 50'000));
    pass(300);
    EXPECT_EQ(run<OpenReply>(calls.take_due(shard, 60'000, 1)).members, std::vector<std::string>{"c"});
    EXPECT_EQ(run<OpenReply>(calls.take_due(shard, 60'000)).members, std::vector<std::string>{"a"});
    EXPECT_EQ(run<OpenReply>(calls.put(shard, "b", 0)).size, 3U);
    EXPECT_EQ(run<OpenReply>(calls.take_due(shard, 60'000)).members, std::vector<std::string>{"b"});
}

TEST_P(Jobs, OfManyReapersOneGetsEachMember) {
    JobCalls calls(store());
    const auto shard = fresh_home();
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i)
        names.push_back("r" + std::to_string(i));
    for (const auto& name : names)
        run<OpenReply>(calls.put(shard, name, 0));
    std::vector<PendingPtr<OpenReply>> takes;
    for (int i = 0; i < 6; ++i)
        takes.push_back(start<OpenReply>(calls.take_due(shard, 60'000, 30)));
    std::multiset<std::string> all;
    for (const auto& pending : takes) {
        const auto reply = await(pending);
        all.insert(reply.members.begin(), reply.members.end());
    }
    EXPECT_EQ(all.size(), 100U);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 100U);
}

TEST_P(Jobs, AMemberLeavesOnce) {
    JobCalls calls(store());
    const auto shard = fresh_home();
    run<OpenReply>(calls.put(shard, "a", 0));
    run<OpenReply>(calls.put(fresh_home(), "a", 0));
    EXPECT_EQ(run<OpenReply>(calls.remove(shard, "a")).status, Status::kOk);
    EXPECT_EQ(run<OpenReply>(calls.remove(shard, "a")).status, Status::kNotFound);
    EXPECT_TRUE(run<OpenReply>(calls.take_due(shard)).members.empty());
    EXPECT_EQ(run<OpenReply>(calls.remove(fresh_home(), "a")).status, Status::kNotFound);
}

TEST_P(Jobs, JobsComeInOrderEachToOneConsumer) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    for (const char* payload : {"1", "2", "3"})
        EXPECT_EQ(run<QueueReply>(calls.push(queue, payload)).status, Status::kOk);
    const auto first = run<QueueReply>(calls.take(queue, "w1", 2));
    ASSERT_EQ(first.jobs.size(), 2U);
    EXPECT_EQ(first.jobs[0].payload, "1");
    EXPECT_EQ(first.jobs[1].payload, "2");
    EXPECT_EQ(first.jobs[0].deliveries, 1U);
    const auto second = run<QueueReply>(calls.take(queue, "w2", 2));
    ASSERT_EQ(second.jobs.size(), 1U);
    EXPECT_EQ(second.jobs[0].payload, "3");
    const auto depth = run<QueueReply>(calls.depth(queue));
    EXPECT_EQ(depth.waiting, 0U);
    EXPECT_EQ(depth.pending, 3U);
}

TEST_P(Jobs, AnAcknowledgedJobIsGoneOnce) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto id = run<QueueReply>(calls.push(queue, "1")).id;
    EXPECT_FALSE(id.empty());
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {id})).count, 0U) << "not taken yet";
    const auto taken = run<QueueReply>(calls.take(queue, "w"));
    ASSERT_EQ(taken.jobs.size(), 1U);
    EXPECT_EQ(taken.jobs[0].id, id);
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {id})).count, 1U);
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {id})).count, 0U);
    EXPECT_EQ(run<QueueReply>(calls.ack(fresh_home(), {id})).count, 0U);
    EXPECT_EQ(run<QueueReply>(calls.depth(queue)).pending, 0U);
}

TEST_P(Jobs, IdsDoNotRepeatOverAnEmptyQueue) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto first = run<QueueReply>(calls.push(queue, "1")).id;
    run<QueueReply>(calls.take(queue, "w"));
    run<QueueReply>(calls.ack(queue, {first}));
    pass(2000);  // an empty queue may be forgotten
    const auto second = run<QueueReply>(calls.push(queue, "2")).id;
    EXPECT_NE(first, second);
    run<QueueReply>(calls.take(queue, "w"));
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {first})).count, 0U);
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {second})).count, 1U);
}

TEST_P(Jobs, AnEmptyQueueAnswersAtOnceWithoutWait) {
    JobCalls calls(store());
    const auto none = run<QueueReply>(calls.take(fresh_home(), "w"));
    EXPECT_EQ(none.status, Status::kTimeout);
    EXPECT_TRUE(none.jobs.empty());
}

TEST_P(Jobs, AWaitEndsWithTheNextJob) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto waiting = start<QueueReply>(calls.take(queue, "w", 5, 10'000));
    bench_->advance(100);
    EXPECT_EQ(waiting->answers, 0);
    run<QueueReply>(calls.push(queue, "1"));
    const auto reply = await(waiting);
    EXPECT_EQ(reply.status, Status::kOk);
    ASSERT_EQ(reply.jobs.size(), 1U);
    EXPECT_EQ(reply.jobs[0].payload, "1");
}

TEST_P(Jobs, AWaitEndsWithItsDeadline) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto soon = start<QueueReply>(calls.take(queue, "w", 1, 200));
    const auto later = start<QueueReply>(calls.take(queue, "w", 1, 20'000));
    pass(200);
    EXPECT_EQ(await(soon).status, Status::kTimeout);
    EXPECT_EQ(later->answers, 0);
    run<QueueReply>(calls.push(queue, "for the one that waits still"));
    EXPECT_EQ(await(later).jobs.size(), 1U);
}

TEST_P(Jobs, EachOfManyWaitsGetsOneJob) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i)
        names.push_back("w" + std::to_string(i));
    std::vector<PendingPtr<QueueReply>> waits;
    for (const auto& name : names)
        waits.push_back(start<QueueReply>(calls.take(queue, name, 1, 30'000)));
    std::set<std::string> payloads;
    for (const auto& name : names)
        run<QueueReply>(calls.push(queue, name));
    for (const auto& pending : waits) {
        const auto reply = await(pending);
        ASSERT_EQ(reply.jobs.size(), 1U);
        payloads.insert(reply.jobs[0].payload);
    }
    EXPECT_EQ(payloads.size(), 20U);
}

TEST_P(Jobs, AJobThatNobodyAcknowledgedGoesToAnotherWhenAsked) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto id = run<QueueReply>(calls.push(queue, "1")).id;
    run<QueueReply>(calls.take(queue, "dead"));
    EXPECT_EQ(run<QueueReply>(calls.take(queue, "w", 1, 0, 400)).status, Status::kTimeout);
    pass(400);
    EXPECT_EQ(run<QueueReply>(calls.take(queue, "w", 1, 0, 0)).status, Status::kTimeout);
    run<QueueReply>(calls.push(queue, "2"));
    const auto taken = run<QueueReply>(calls.take(queue, "w", 5, 0, 400));
    ASSERT_EQ(taken.jobs.size(), 2U);
    EXPECT_EQ(taken.jobs[0].id, id);
    EXPECT_EQ(taken.jobs[0].deliveries, 2U);
    EXPECT_EQ(taken.jobs[1].payload, "2");
    EXPECT_EQ(run<QueueReply>(calls.take(queue, "w2", 1, 0, 400)).status, Status::kTimeout);
    EXPECT_EQ(run<QueueReply>(calls.ack(queue, {id})).count, 1U);
}

TEST_P(Jobs, PayloadsAreBytes) {
    JobCalls calls(store());
    const auto queue = fresh_home();
    const std::string binary("\0\xff|\n", 4);
    const std::string large(64 * 1024, '\0');
    run<QueueReply>(calls.push(queue, binary));
    run<QueueReply>(calls.push(queue, ""));
    run<QueueReply>(calls.push(queue, large));
    const auto taken = run<QueueReply>(calls.take(queue, "w", 3));
    ASSERT_EQ(taken.jobs.size(), 3U);
    EXPECT_EQ(taken.jobs[0].payload, binary);
    EXPECT_EQ(taken.jobs[1].payload, "");
    EXPECT_EQ(taken.jobs[2].payload, large);
}

TEST_P(Jobs, AQueueHasABound) {
    Limits limits = driver_limits();
    limits.queue_jobs = 2;
    use(limits);
    JobCalls calls(store());
    const auto queue = fresh_home();
    const auto id = run<QueueReply>(calls.push(queue, "1")).id;
    run<QueueReply>(calls.take(queue, "w"));
    ASSERT_EQ(run<QueueReply>(calls.push(queue, "2")).status, Status::kOk);
    EXPECT_EQ(run<QueueReply>(calls.push(queue, "3")).status, Status::kFull);
    run<QueueReply>(calls.ack(queue, {id}));
    EXPECT_EQ(run<QueueReply>(calls.push(queue, "3")).status, Status::kOk);
}

}  // namespace
}  // namespace streamhost::store::conformance
