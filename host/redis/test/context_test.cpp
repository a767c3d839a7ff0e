#include "redis/driver/context.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "support/held_port.hpp"

namespace streamhost::redis {
namespace {

using store::Status;
using store::Submit;

constexpr Script kScript{"try", "return 1", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"};

class ContextTest : public ::testing::Test {
protected:
    ContextTest() { make(100); }

    void make(std::uint32_t in_flight) {
        RedisStoreOptions options;
        options.limits.in_flight = in_flight;
        options.on_trouble = [this](const Trouble& trouble) {
            troubles_.push_back(std::string(trouble.command) + ": " + std::string(trouble.message));
            kinds_.push_back(trouble.kind);
        };
        options.on_answer = [this](std::string_view command, std::int64_t took_ms) {
            took_.emplace_back(command, took_ms);
        };
        context_ = std::make_unique<Context>(std::move(options), port_, loop_, sink_);
    }
    Submit run(Status shape = Status::kOk, std::uint32_t timeout_ms = 1000) {
        return context_->run(
            shape, {"home", timeout_ms}, [] { return std::move(Call(kScript).key("k").arg(7)); },
            [this](const Reply& reply) {
                answers_.push_back(reply.status);
                value_ = reply.value.integer();
            });
    }
    Status answer_to(std::string_view reply) {
        EXPECT_EQ(run(), Submit::kAccepted);
        port_.reply(reply);
        return answers_.back();
    }

    HeldPort port_;
    store::conformance::ManualLoop loop_;
    store::conformance::RecordingSink sink_;
    std::unique_ptr<Context> context_;
    std::vector<Status> answers_;
    std::int64_t value_ = 0;
    std::vector<std::string> troubles_;
    std::vector<TroubleKind> kinds_;
    std::vector<std::pair<std::string, std::int64_t>> took_;
};

TEST_F(ContextTest, SendsTheHashAndHandsTheAnswerOn) {
    EXPECT_EQ(answer_to(":42"), Status::kOk);
    EXPECT_EQ(value_, 42);
    EXPECT_EQ(run(), Submit::kAccepted);
    EXPECT_EQ(port_.held[0].order, "home");
    EXPECT_EQ(port_.held[0].command, "*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + std::string(kScript.sha1) +
                                         "\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\n7\r\n");
    port_.reply(":1");
}

TEST_F(ContextTest, EachCommandIsMeasuredOnceHoweverItEndsAndWithItsRepeat) {
    ASSERT_EQ(run(), Submit::kAccepted);
    loop_.advance(30);
    port_.reply("-NOSCRIPT No matching script. Please use EVAL.");
    EXPECT_TRUE(took_.empty()) << "it goes on";
    loop_.advance(12);
    port_.reply(":1");
    ASSERT_EQ(run(), Submit::kAccepted);
    loop_.advance(5);
    port_.reply("-OOM command not allowed");
    EXPECT_EQ(took_, (std::vector<std::pair<std::string, std::int64_t>>{{"try", 42}, {"try", 5}}));
}

TEST_F(ContextTest, AScriptThatIsNotThereGoesAlongOnce) {
    ASSERT_EQ(run(), Submit::kAccepted);
    loop_.advance(300);
    port_.reply("-NOSCRIPT No matching script. Please use EVAL.");
    ASSERT_EQ(port_.held.size(), 1U);
    EXPECT_TRUE(answers_.empty());
    EXPECT_EQ(port_.held[0].order, "home");
    EXPECT_EQ(port_.held[0].timeout_ms, 700U) << "what is left of its time";
    EXPECT_EQ(port_.held[0].command,
              "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\n7\r\n");
    port_.reply("-NOSCRIPT again");
    EXPECT_EQ(answers_, std::vector{Status::kUnavailable});
    EXPECT_EQ(kinds_, std::vector{TroubleKind::kUnexpected});
}

TEST_F(ContextTest, ScriptsThatWereThereAndAreGoneAreTold) {
    for (const char* answer : {"-NOSCRIPT", ":1", "-NOSCRIPT", ":1", ":1"}) {
        if (port_.held.empty()) {
            ASSERT_EQ(run(), Submit::kAccepted);
        }
        port_.reply(answer);
    }
    EXPECT_TRUE(kinds_.empty()) << "a new server has none: nothing to tell";
    ASSERT_EQ(run(), Submit::kAccepted);
    port_.reply("-NOSCRIPT");
    port_.reply(":1");
    EXPECT_EQ(kinds_, std::vector{TroubleKind::kNoScripts});
    EXPECT_EQ(answers_, std::vector(4, Status::kOk));
}

TEST_F(ContextTest, ASecondTryThatThePortDoesNotTakeIsAnswered) {
    ASSERT_EQ(run(), Submit::kAccepted);
    port_.next = Submit::kBusy;
    port_.reply("-NOSCRIPT");
    EXPECT_EQ(answers_, std::vector{Status::kUnavailable});
    EXPECT_EQ(context_->in_flight(), 0U);
}

TEST_F(ContextTest, EndsOfThePortHaveTheirStatus) {
    for (const auto& [end, status] : {std::pair{CallEnd::kTimeout, Status::kTimeout},
                                      {CallEnd::kUnavailable, Status::kUnavailable},
                                      {CallEnd::kClosed, Status::kGone}}) {
        ASSERT_EQ(run(), Submit::kAccepted);
        port_.end(end);
        EXPECT_EQ(answers_.back(), status);
    }
    EXPECT_TRUE(troubles_.empty());
}

TEST_F(ContextTest, ErrorsAreSortedByWhoCanAct) {
    // As a server from 7.0 on says it, and as one before.
    EXPECT_EQ(
        answer_to("-OOM command not allowed when used memory > 'maxmemory'. script: e0, on @user_script:1."),
        Status::kExhausted);
    EXPECT_EQ(answer_to("-ERR Error running script (call to f_e0): @user_script:1: -OOM command not allowed"),
              Status::kExhausted);
    EXPECT_EQ(context_->refused(), 2U);
    EXPECT_TRUE(troubles_.empty());

    EXPECT_EQ(answer_to("-WRONGTYPE Operation against a key holding the wrong kind of value"),
              Status::kConflict);
    EXPECT_EQ(answer_to("-ERR Error running script: @user_script:1: WRONGTYPE Operation"), Status::kConflict);
    EXPECT_EQ(answer_to("-ERR user_script:3: OTHERTYPE string in k script: e0"), Status::kConflict);
    EXPECT_EQ(kinds_, std::vector(3, TroubleKind::kWrongType));
    EXPECT_EQ(answer_to("-ERR user_script:3: FOREIGN data in k script: e0"), Status::kConflict);
    EXPECT_EQ(kinds_.back(), TroubleKind::kForeign);
    EXPECT_EQ(troubles_.front(),
              "try: WRONGTYPE Operation against a key holding the wrong kind of value (asked about k)");
    EXPECT_EQ(troubles_.back(), "try: ERR user_script:3: FOREIGN data in k script: e0");

    kinds_.clear();
    EXPECT_EQ(answer_to("-NOREPLICAS Not enough good replicas to write."), Status::kUnavailable);
    EXPECT_EQ(answer_to("-MISCONF Redis is configured to save RDB snapshots"), Status::kUnavailable);
    EXPECT_EQ(answer_to("-ERR Error running script (call to f_e0): @user_script:1: @user_script: 1: -MISCONF "
                        "Errors writing to the AOF file"),
              Status::kUnavailable);
    EXPECT_TRUE(kinds_.empty()) << "the client tells of them";
    EXPECT_EQ(answer_to("-BUSY Redis is busy running a script"), Status::kUnavailable);
    EXPECT_EQ(kinds_, std::vector{TroubleKind::kRefused});

    kinds_.clear();
    EXPECT_EQ(answer_to("-ERR unknown command 'EVALSHA'"), Status::kUnavailable);
    EXPECT_EQ(answer_to("-ERR a BOOM is no OOMph, nor OOM"), Status::kUnavailable) << "not what is quoted";
    EXPECT_EQ(kinds_, std::vector(2, TroubleKind::kUnexpected));
    kinds_.clear();
    EXPECT_EQ(answer_to("-FOREIGN data in the key OOM"), Status::kConflict);
    EXPECT_EQ(kinds_, std::vector{TroubleKind::kForeign});
}

TEST_F(ContextTest, AWrongShapeIsAnsweredLaterAndAsksNobody) {
    EXPECT_EQ(run(Status::kInvalid), Submit::kAccepted);
    EXPECT_TRUE(answers_.empty());
    EXPECT_EQ(context_->in_flight(), 1U);
    loop_.settle();
    EXPECT_EQ(answers_, std::vector{Status::kInvalid});
    EXPECT_TRUE(port_.held.empty());
}

TEST_F(ContextTest, OverTheSlotsOrThePortsLimitItIsBusy) {
    make(1);
    ASSERT_EQ(run(), Submit::kAccepted);
    EXPECT_EQ(run(), Submit::kBusy);
    port_.reply(":1");
    port_.next = Submit::kBusy;
    EXPECT_EQ(run(), Submit::kBusy);
    EXPECT_EQ(context_->refused(), 2U);
    EXPECT_EQ(context_->in_flight(), 0U);
    EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(ContextTest, TheSlotIsFreeInsideTheAnswer) {
    make(1);
    int depth = 0;
    ASSERT_EQ(context_->run(
                  Status::kOk, {"home", 1000}, [] { return Call(kScript); },
                  [&](const Reply&) {
                      ++depth;
                      EXPECT_EQ(run(), Submit::kAccepted);
                  }),
              Submit::kAccepted);
    port_.reply(":1");
    EXPECT_EQ(depth, 1);
    port_.reply(":2");
    EXPECT_EQ(value_, 2);
}

TEST_F(ContextTest, WhatIsOpenWhenItClosesIsAnsweredLater) {
    ASSERT_EQ(run(), Submit::kAccepted);
    ASSERT_EQ(run(Status::kTooLarge), Submit::kAccepted);
    context_->close();
    EXPECT_TRUE(answers_.empty()) << "answered inside close()";
    EXPECT_EQ(run(), Submit::kGone);
    loop_.settle();
    EXPECT_EQ(answers_, (std::vector{Status::kTooLarge, Status::kGone}));
    EXPECT_EQ(context_->in_flight(), 0U);
}

TEST_F(ContextTest, TasksOfTheLoopFindNothingOfAStoreThatIsGone) {
    ASSERT_EQ(run(Status::kInvalid), Submit::kAccepted);
    context_.reset();
    EXPECT_EQ(answers_, std::vector{Status::kInvalid}) << "one answer, whoever breaks the contract";
    loop_.settle();
    EXPECT_EQ(answers_.size(), 1U);
}

}  // namespace
}  // namespace streamhost::redis
