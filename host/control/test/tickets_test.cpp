#include "control/tickets.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/service_registry.hpp"
#include "control/test/house.hpp"

namespace streamhost::control {
namespace {

using test::describe;
using test::ExpectFaults;
using test::House;
using test::Script;

struct CountedBuffer {
    sh_buffer raw{sizeof(sh_buffer), 0, "body", 4, &retain, &release};
    std::atomic<int> references{1};
    static CountedBuffer& of(const sh_buffer* raw) {
        return *reinterpret_cast<CountedBuffer*>(const_cast<sh_buffer*>(raw));
    }
    static void retain(const sh_buffer* raw) { ++of(raw).references; }
    static void release(const sh_buffer* raw) { --of(raw).references; }
};

struct CountedBatch {
    sh_batch raw{sizeof(sh_batch), 0, nullptr, &retain, &release};
    std::atomic<int> references{1};
    static CountedBatch& of(const sh_batch* raw) {
        return *reinterpret_cast<CountedBatch*>(const_cast<sh_batch*>(raw));
    }
    static void retain(const sh_batch* raw) { ++of(raw).references; }
    static void release(const sh_batch* raw) { --of(raw).references; }
};

/// Of this thread: a busy machine does not make it slower.
std::int64_t cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

sh_result result_of(sh_status status) {
    sh_result result{};
    result.struct_size = sizeof result;
    result.status = status;
    return result;
}

class TicketsTest : public testing::Test {
protected:
    struct Answer {
        std::uint64_t token;
        sh_result result;
        runtime::Roles roles;
    };
    TicketsTest() {
        asking_.complete = [this](std::uint64_t token, const sh_result& result) {
            answers_.push_back({token, result, runtime::thread_role().roles});
        };
        asker_ = house_.make_created(asking_, describe("asker", {}, {"a/1"}));
        provider_ = house_.make_created(answering_, describe("provider", {"a/1"}));
        house_.services.admit(*provider_);
        EXPECT_EQ(house_.services.provide(*provider_, "a/1", &answering_, nullptr), SH_OK);
        house_.services.publish(*provider_);
        lease_ = house_.services.acquire(*asker_, "a/1");
    }
    sh_status open(std::uint64_t token, sh_ticket& ticket, std::uint32_t deadline_ms = 100,
                   sh_target target = SH_ON_STORE) {
        return tickets_.open(*asker_, {target, token, lease_, deadline_ms}, now_ms_, &ticket);
    }
    sh_ticket must_open(std::uint64_t token, std::uint32_t deadline_ms = 100) {
        sh_ticket ticket = 0;
        EXPECT_EQ(open(token, ticket, deadline_ms), SH_OK);
        EXPECT_NE(ticket, 0u);
        return ticket;
    }
    void answer(sh_ticket ticket, sh_status status = SH_OK) {
        tickets_.complete(*provider_, ticket, result_of(status));
    }
    std::uint32_t outstanding() const { return asker_->use().tickets.load(); }

    House house_;
    Tickets& tickets_ = house_.tickets;
    Script asking_;
    Script answering_;
    std::shared_ptr<Instance> asker_;
    std::shared_ptr<Instance> provider_;
    const sh_lease* lease_ = nullptr;
    std::uint64_t now_ms_ = 1'000;
    std::vector<Answer> answers_;
};

TEST_F(TicketsTest, AnswerArrivesOnTheRoleThatWasNamedAndNotInsideTheCall) {
    const sh_ticket ticket = must_open(7);
    sh_result result = result_of(SH_FENCED);
    result.fence = 42;
    std::strcpy(result.detail, "a newer owner exists");
    tickets_.complete(*provider_, ticket, result);
    EXPECT_TRUE(answers_.empty());
    EXPECT_EQ(house_.queues.run(SH_ON_STORE), 1u);
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].token, 7u);
    EXPECT_EQ(answers_[0].result.status, SH_FENCED);
    EXPECT_EQ(answers_[0].result.fence, 42u);
    EXPECT_STREQ(answers_[0].result.detail, "a newer owner exists");
    EXPECT_EQ(answers_[0].roles, runtime::Roles(runtime::Role::store));
    EXPECT_EQ(outstanding(), 0u);
}

TEST_F(TicketsTest, ShorterResultReadsAsZeroBeyondItsEnd) {
    sh_result result = result_of(SH_OK);
    result.first = 5;
    result.check = 9;
    result.struct_size = offsetof(sh_result, check);
    tickets_.complete(*provider_, must_open(1), result);
    sh_result broken = result_of(SH_OK);
    broken.struct_size = 0;
    tickets_.complete(*provider_, must_open(2), broken);
    house_.queues.run_all();
    ASSERT_EQ(answers_.size(), 2u);
    EXPECT_EQ(answers_[0].result.first, 5u);
    EXPECT_EQ(answers_[0].result.check, 0u);
    EXPECT_EQ(answers_[0].result.struct_size, sizeof(sh_result));
    EXPECT_EQ(answers_[1].result.status, SH_INTERNAL);
}

TEST_F(TicketsTest, SecondAnswerIsDroppedAndCounted) {
    const sh_ticket ticket = must_open(1);
    answer(ticket);
    answer(ticket, SH_INTERNAL);  // before delivery
    house_.queues.run_all();
    answer(ticket, SH_INTERNAL);  // the slot is free again
    must_open(2);
    answer(ticket, SH_INTERNAL);  // the slot has another ticket
    house_.queues.run_all();
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].result.status, SH_OK);
    EXPECT_EQ(tickets_.stats().doubled, 3u);
    EXPECT_EQ(provider_->use().doubled_answers.load(), 3u);
    EXPECT_EQ(tickets_.stats().late, 0u);
}

TEST_F(TicketsTest, NumbersThatWereNeverGivenOutAreBugs) {
    answer(0);
    EXPECT_EQ(tickets_.stats().doubled, 0u);
    answer(0xffff'ffff'ffffull);
    const sh_ticket ticket = must_open(1);
    answer(ticket + (std::uint64_t{5} << 20));  // a later generation
    house_.queues.run_all();
    EXPECT_EQ(tickets_.stats().doubled, 2u);
    EXPECT_TRUE(answers_.empty());
    EXPECT_EQ(outstanding(), 1u);
}

TEST_F(TicketsTest, DeadlineAnswersAndALateAnswerIsNoBug) {
    const sh_ticket ticket = must_open(1, 100);
    must_open(2, 101);
    EXPECT_EQ(tickets_.expire(now_ms_ + 99), 0u);
    EXPECT_EQ(tickets_.expire(now_ms_ + 100), 1u);
    answer(ticket);
    house_.queues.run_all();
    answer(ticket);
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].token, 1u);
    EXPECT_EQ(answers_[0].result.status, SH_TIMEOUT);
    EXPECT_EQ(tickets_.stats().expired, 1u);
    EXPECT_EQ(tickets_.stats().late, 2u);
    EXPECT_EQ(tickets_.stats().doubled, 0u);
}

TEST_F(TicketsTest, WithdrawnTicketsDeliverNothing) {
    const sh_ticket ticket = must_open(1);
    tickets_.withdraw(*provider_, ticket);  // not its own
    EXPECT_EQ(outstanding(), 1u);
    tickets_.withdraw(*asker_, ticket);
    EXPECT_EQ(outstanding(), 0u);
    tickets_.withdraw(*asker_, ticket);
    EXPECT_EQ(outstanding(), 0u);
    answer(ticket);
    EXPECT_EQ(tickets_.expire(now_ms_ + 1'000), 0u);
    house_.queues.run_all();
    EXPECT_TRUE(answers_.empty());
}

TEST_F(TicketsTest, EndOfTheProviderAnswersGone) {
    const sh_ticket ticket = must_open(1);
    sh_ticket unbound = 0;
    ASSERT_EQ(tickets_.open(*asker_, {SH_ON_STORE, 2, nullptr, 100}, now_ms_, &unbound), SH_OK);
    house_.services.close(*provider_);
    EXPECT_EQ(tickets_.provider_gone(*provider_), 1u);
    house_.queues.run_all();
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].result.status, SH_GONE);
    answer(ticket);
    EXPECT_EQ(tickets_.stats().late, 1u);
    sh_ticket none = 0;
    EXPECT_EQ(open(3, none), SH_UNAVAILABLE);
}

TEST_F(TicketsTest, BelongsToTheProviderThatWasEntered) {
    const void* table = nullptr;
    void* self = nullptr;
    ASSERT_EQ(ServiceRegistry::enter(lease_, &table, &self), SH_OK);
    auto next = house_.make_created(answering_, describe("provider", {"a/1"}), 2);
    house_.services.admit(*next);
    ASSERT_EQ(house_.services.provide(*next, "a/1", &answering_, nullptr), SH_OK);
    house_.services.publish(*next);
    must_open(1);
    ServiceRegistry::leave(lease_);
    must_open(2);
    EXPECT_EQ(tickets_.provider_gone(*provider_), 1u);
    house_.queues.run_all();
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].token, 1u);
}

TEST_F(TicketsTest, EndOfTheAskerAnswersAllAndRefusesMore) {
    must_open(1);
    must_open(2);
    EXPECT_EQ(tickets_.asker_gone(*asker_), 2u);
    sh_ticket none = 0;
    EXPECT_EQ(open(3, none), SH_GONE);
    EXPECT_EQ(outstanding(), 2u);  // on their way
    house_.queues.run_all();
    EXPECT_EQ(outstanding(), 0u);
    ASSERT_EQ(answers_.size(), 2u);
    EXPECT_EQ(answers_[0].result.status, SH_GONE);
    EXPECT_EQ(tickets_.stats().gone, 2u);
}

TEST_F(TicketsTest, AreBounded) {
    std::vector<sh_ticket> mine(7);
    for (std::size_t i = 0; i < 6; ++i)
        ASSERT_EQ(open(i, mine[i]), SH_OK);
    EXPECT_EQ(open(6, mine[6]), SH_BUSY);  // its own limit
    auto other = house_.make_created(asking_, describe("other", {}, {"a/1"}));
    sh_ticket theirs = 0;
    for (int i = 0; i < 2; ++i)
        ASSERT_EQ(tickets_.open(*other, {SH_ON_STORE, 9, nullptr, 9}, 0, &theirs), SH_OK);
    EXPECT_EQ(tickets_.open(*other, {SH_ON_STORE, 9, nullptr, 9}, 0, &theirs), SH_BUSY);  // the slab
    EXPECT_EQ(tickets_.stats().refused, 2u);
    EXPECT_EQ(tickets_.allocated(), 8u);
    answer(mine[0]);
    house_.queues.run_all();
    EXPECT_EQ(open(6, mine[6]), SH_OK);
}

TEST_F(TicketsTest, QuestionsAreChecked) {
    sh_ticket ticket = 0;
    EXPECT_EQ(open(1, ticket, 0), SH_INVALID);
    EXPECT_EQ(open(1, ticket, Tickets::kMaxDeadlineMs + 1), SH_INVALID);
    EXPECT_EQ(open(1, ticket, 1, 0), SH_INVALID);
    EXPECT_EQ(open(1, ticket, 1, SH_ON_LOOP(2)), SH_INVALID);
    EXPECT_EQ(open(1, ticket, 1, SH_ON_LOOP(1)), SH_OK);
    Script mute;
    mute.create = [&mute](const sh_host*, sh_plugin* plugin, sh_error*) {
        mute.fill(*plugin);
        plugin->complete = nullptr;
        return SH_OK;
    };
    auto deaf = house_.make_created(mute, describe("deaf"));
    EXPECT_EQ(tickets_.open(*deaf, {SH_ON_STORE, 1, nullptr, 9}, 0, &ticket), SH_UNSUPPORTED);
    EXPECT_EQ(deaf->use().tickets.load(), 0u);
}

TEST_F(TicketsTest, ReferencesAreHeldForTheWayAndTheCall) {
    CountedBuffer body;
    CountedBatch batch;
    sh_result result = result_of(SH_OK);
    result.body = &body.raw;
    result.batch = &batch.raw;
    const sh_ticket ticket = must_open(1);
    tickets_.complete(*provider_, ticket, result);
    EXPECT_EQ(body.references.load(), 2);
    EXPECT_EQ(batch.references.load(), 2);
    tickets_.complete(*provider_, ticket, result);  // dropped: takes none
    EXPECT_EQ(body.references.load(), 2);
    int during = 0;
    asking_.complete = [&](std::uint64_t, const sh_result& got) {
        during = CountedBuffer::of(got.body).references;
    };
    house_.queues.run_all();
    EXPECT_EQ(during, 2);
    EXPECT_EQ(body.references.load(), 1);
    EXPECT_EQ(batch.references.load(), 1);
}

TEST_F(TicketsTest, AnExceptionInTheAnswerIsCaughtAndTheSlotIsFreed) {
    CountedBuffer body;
    sh_result result = result_of(SH_OK);
    result.body = &body.raw;
    asking_.complete = [](std::uint64_t, const sh_result&) { throw std::runtime_error("boom"); };
    tickets_.complete(*provider_, must_open(1), result);
    house_.queues.run_all();
    EXPECT_EQ(body.references.load(), 1);
    EXPECT_EQ(outstanding(), 0u);
    EXPECT_THAT(house_.faults, testing::ElementsAre("asker complete: boom"));
}

TEST_F(TicketsTest, ATargetThatHasEndedIsAFaultAndLeaksNothing) {
    CountedBuffer body;
    sh_result result = result_of(SH_OK);
    result.body = &body.raw;
    const sh_ticket ticket = must_open(1);
    house_.queues.close(SH_ON_STORE);
    const ExpectFaults faults;
    tickets_.complete(*provider_, ticket, result);
    EXPECT_EQ(faults.count(), 1u);
    EXPECT_EQ(tickets_.stats().lost, 1u);
    EXPECT_EQ(body.references.load(), 1);
    EXPECT_EQ(outstanding(), 0u);
}

/// Two askers, two answering threads that both answer every ticket, a sweeper: each ticket is answered once.
TEST_F(TicketsTest, AreAnsweredExactlyOnceUnderRaces) {
    constexpr std::uint64_t kPerAsker = 4'000;
    std::atomic<std::uint64_t> delivered{0};
    Tickets tickets({.capacity = 64, .per_asker = 64, .loop_count = 0}, [](sh_target, runtime::Task&& task) {
        task();  // the test needs no role, and wants the slot to be reused at once
        return true;
    });
    std::vector<std::atomic<std::uint8_t>> seen(2 * kPerAsker);
    Script script;
    script.complete = [&](std::uint64_t token, const sh_result&) {
        seen[token].fetch_add(1);
        ++delivered;
    };
    auto asker = house_.make_created(script, describe("asker"));
    auto provider = house_.make_created(script, describe("provider"));
    std::array<std::atomic<sh_ticket>, 32> board{};
    std::atomic<bool> end{false};
    const auto ask = [&](std::uint64_t first) {
        for (std::uint64_t i = 0; i < kPerAsker; ++i) {
            sh_ticket ticket = 0;
            while (tickets.open(*asker,
                                {SH_ON_STORE, first + i, nullptr, 1 + static_cast<std::uint32_t>(i % 7)}, i,
                                &ticket) != SH_OK) {
                std::this_thread::yield();
            }
            board[i % board.size()].store(ticket);
        }
    };
    const auto reply = [&] {
        for (std::size_t i = 0; !end.load(); ++i) {
            tickets.complete(*provider, board[i % board.size()].load(), result_of(SH_OK));
        }
    };
    std::thread first([&] { ask(0); });
    std::thread second([&] { ask(kPerAsker); });
    std::thread one(reply);
    std::thread two(reply);
    for (std::uint64_t now = 0; delivered.load() < 2 * kPerAsker; ++now)
        tickets.expire(now);
    end = true;
    for (std::thread* thread : {&first, &second, &one, &two})
        thread->join();
    for (const auto& count : seen)
        ASSERT_EQ(count.load(), 1);
    EXPECT_EQ(asker->use().tickets.load(), 0u);
    EXPECT_EQ(tickets.stats().opened, 2 * kPerAsker);
}

/// Not a limit, a number to read: what a ticket costs beside the hop to the asker's role.
TEST_F(TicketsTest, CostIsPrinted) {
    constexpr std::uint64_t kRounds = 50'000;
    Tickets tickets({.capacity = 1'024, .per_asker = 1'024, .loop_count = 0},
                    [](sh_target, runtime::Task&& task) {
                        task();
                        return true;
                    });
    std::uint64_t answered = 0;
    asking_.complete = [&](std::uint64_t, const sh_result&) { ++answered; };
    const runtime::RoleScope scope(runtime::Role::store);
    const sh_result result = result_of(SH_OK);
    const std::int64_t began_ns = cpu_ns();
    for (std::uint64_t i = 0; i < kRounds; ++i) {
        sh_ticket ticket = 0;
        ASSERT_EQ(tickets.open(*asker_, {SH_ON_STORE, i, lease_, 1'000}, 0, &ticket), SH_OK);
        tickets.complete(*provider_, ticket, result);
    }
    const std::int64_t each_ns = (cpu_ns() - began_ns) / static_cast<std::int64_t>(kRounds);
    EXPECT_EQ(answered, kRounds);
    RecordProperty("open_complete_deliver_ns", static_cast<int>(each_ns));
    std::printf("open + complete + deliver: %d ns of processor time\n", static_cast<int>(each_ns));
}

}  // namespace
}  // namespace streamhost::control
