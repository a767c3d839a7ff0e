// Leases with rising tokens.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

class LockCalls {
public:
    LockCalls(Store& store) : locks_(store.locks()) {}

    auto lock(std::string_view name, std::string_view owner, std::uint32_t lease_ms = 30'000,
              std::uint32_t wait_ms = 0) {
        return [=, this](LockDone done) {
            return locks_.lock({.name = name, .owner = owner, .lease_ms = lease_ms, .wait_ms = wait_ms},
                               std::move(done));
        };
    }
    auto renew(std::string_view name, std::uint64_t token, std::uint32_t lease_ms = 30'000) {
        return [=, this](LockDone done) {
            return locks_.lock_renew({.name = name, .token = token, .lease_ms = lease_ms}, std::move(done));
        };
    }
    auto release(std::string_view name, std::uint64_t token) {
        return [=, this](LockDone done) {
            return locks_.lock_release({.name = name, .token = token}, std::move(done));
        };
    }

private:
    LockCommands& locks_;
};

TEST_P(Locks, OneHolderAtATime) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto first = run<LockReply>(calls.lock(name, "a"));
    EXPECT_EQ(first.status, Status::kOk);
    EXPECT_GT(first.token, 0U);
    const auto second = run<LockReply>(calls.lock(name, "b"));
    EXPECT_EQ(second.status, Status::kHeld);
    EXPECT_EQ(second.holder, "a");
    EXPECT_GT(second.left_ms, 0);
    EXPECT_LE(second.left_ms, 30'000);
    EXPECT_EQ(run<LockReply>(calls.lock(fresh_home(), "b")).status, Status::kOk);
}

TEST_P(Locks, TheHolderAgainGetsTheSameToken) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto first = run<LockReply>(calls.lock(name, "a", 400));
    pass(200);
    const auto again = run<LockReply>(calls.lock(name, "a", 30'000));
    EXPECT_EQ(again.status, Status::kOk);
    EXPECT_EQ(again.token, first.token);
    pass(400);
    EXPECT_EQ(run<LockReply>(calls.lock(name, "b")).status, Status::kHeld);
}

TEST_P(Locks, TokensRiseWhateverHappened) {
    LockCalls calls(store());
    const auto name = fresh_home();
    std::uint64_t last = 0;
    for (int i = 0; i < 5; ++i) {
        const auto held = run<LockReply>(calls.lock(name, "same", 100));
        ASSERT_EQ(held.status, Status::kOk);
        EXPECT_GT(held.token, last);
        last = held.token;
        if (i % 2 == 0) {
            EXPECT_EQ(run<LockReply>(calls.release(name, last)).status, Status::kOk);
        } else {
            pass(100);
        }
    }
    pass(100'000 / (GetParam().manual_time ? 1 : 100));  // an idle lock may be forgotten
    EXPECT_GT(run<LockReply>(calls.lock(name, "same")).token, last);
}

TEST_P(Locks, ReleaseComparesAndMayBeRepeated) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto first = run<LockReply>(calls.lock(name, "a"));
    EXPECT_EQ(run<LockReply>(calls.release(name, first.token + 1)).status, Status::kFenced);
    EXPECT_EQ(run<LockReply>(calls.release(name, first.token)).status, Status::kOk);
    EXPECT_EQ(run<LockReply>(calls.release(name, first.token)).status, Status::kDuplicate);
    const auto second = run<LockReply>(calls.lock(name, "b"));
    EXPECT_EQ(run<LockReply>(calls.release(name, first.token)).status, Status::kFenced);
    EXPECT_EQ(run<LockReply>(calls.lock(name, "c")).holder, "b");
    EXPECT_EQ(run<LockReply>(calls.renew(name, second.token)).status, Status::kOk);
    EXPECT_EQ(run<LockReply>(calls.release(fresh_home(), 5)).status, Status::kFenced);
}

TEST_P(Locks, ALapsedHolderIsFenced) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto first = run<LockReply>(calls.lock(name, "a", 200));
    pass(200);
    EXPECT_EQ(run<LockReply>(calls.renew(name, first.token)).status, Status::kFenced);
    const auto second = run<LockReply>(calls.lock(name, "b"));
    EXPECT_EQ(second.status, Status::kOk);
    EXPECT_GT(second.token, first.token);
    EXPECT_EQ(run<LockReply>(calls.renew(name, first.token)).status, Status::kFenced);
    EXPECT_EQ(run<LockReply>(calls.release(name, first.token)).status, Status::kFenced);
    EXPECT_EQ(run<LockReply>(calls.lock(name, "c")).holder, "b");
}

TEST_P(Locks, RenewalKeepsTheLock) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto held = run<LockReply>(calls.lock(name, "a", 2000));
    for (int i = 0; i < 4; ++i) {
        bench_->advance(1000);
        const auto renewed = run<LockReply>(calls.renew(name, held.token, 2000));
        ASSERT_EQ(renewed.status, Status::kOk);
        EXPECT_EQ(renewed.token, held.token);
    }
    EXPECT_EQ(run<LockReply>(calls.lock(name, "b")).status, Status::kHeld);
}

TEST_P(Locks, AReleaseWakesOneWaiter) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto held = run<LockReply>(calls.lock(name, "a"));
    const auto b = start<LockReply>(calls.lock(name, "b", 30'000, 30'000));
    const auto c = start<LockReply>(calls.lock(name, "c", 30'000, 30'000));
    bench_->advance(50);
    EXPECT_EQ(b->answers + c->answers, 0);
    run<LockReply>(calls.release(name, held.token));
    ASSERT_TRUE(bench_->run_until([&] { return b->answers + c->answers > 0; }));
    EXPECT_EQ(b->answers + c->answers, 1);
    const auto& next = b->answers ? b : c;
    EXPECT_EQ(next->reply->status, Status::kOk);
    EXPECT_GT(next->reply->token, held.token);
    run<LockReply>(calls.release(name, next->reply->token));
    const auto& last = next == b ? c : b;
    EXPECT_EQ(await(last).status, Status::kOk);
    EXPECT_GT(last->reply->token, next->reply->token);
}

TEST_P(Locks, ALapseWakesAWaiter) {
    LockCalls calls(store());
    const auto name = fresh_home();
    const auto dead = run<LockReply>(calls.lock(name, "dead", 300));
    const auto waiting = start<LockReply>(calls.lock(name, "b", 30'000, 30'000));
    pass(300);
    const auto reply = await(waiting);
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_GT(reply.token, dead.token);
}

TEST_P(Locks, AWaitEndsWithItsDeadline) {
    LockCalls calls(store());
    const auto name = fresh_home();
    run<LockReply>(calls.lock(name, "a"));
    const auto waiting = start<LockReply>(calls.lock(name, "b", 1000, 200));
    pass(200);
    const auto reply = await(waiting);
    EXPECT_EQ(reply.status, Status::kHeld);
    EXPECT_EQ(reply.holder, "a");
}

TEST_P(Locks, ManyWaitersEachGetItOnce) {
    LockCalls calls(store());
    const auto name = fresh_home();
    auto token = run<LockReply>(calls.lock(name, "first")).token;
    std::vector<std::string> owners;
    for (int i = 0; i < 100; ++i)
        owners.push_back("w" + std::to_string(i));
    std::vector<PendingPtr<LockReply>> waits;
    for (const auto& owner : owners)
        waits.push_back(start<LockReply>(calls.lock(name, owner, 30'000, 60'000)));
    const auto answered = [&] {
        std::size_t count = 0;
        for (const auto& wait : waits)
            count += static_cast<std::size_t>(wait->answers);
        return count;
    };
    for (std::size_t granted = 1; granted <= waits.size(); ++granted) {
        ASSERT_EQ(run<LockReply>(calls.release(name, token)).status, Status::kOk);
        ASSERT_TRUE(bench_->run_until([&] { return answered() >= granted; }));
        ASSERT_EQ(answered(), granted);
        std::uint64_t newest = 0;
        for (const auto& wait : waits)
            if (wait->answers) newest = std::max(newest, wait->reply->token);
        ASSERT_GT(newest, token);
        token = newest;
    }
}

}  // namespace
}  // namespace streamhost::store::conformance
