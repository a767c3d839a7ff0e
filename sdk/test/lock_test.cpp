#include "streamhost/lock.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace streamhost {
namespace {

class Sweeper : public Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
};

/// One lock of a store that answers when the test says so.
class FakeLocks {
public:
    explicit FakeLocks(testing::FakeHost& host) : host_(host) {
        current() = this;
        table_.struct_size = sizeof(table_);
        table_.lock = [](const sh_host*, sh_bytes, sh_bytes owner, std::uint32_t lease_ms, std::uint32_t,
                         std::uint64_t token) {
            owners().push_back(std::string(view(owner)));
            return current()->take(token, lease_ms, Kind::kLock, 0);
        };
        table_.lock_renew = [](const sh_host*, sh_bytes, std::uint64_t fence, std::uint32_t lease_ms,
                               std::uint64_t token) {
            return current()->take(token, lease_ms, Kind::kRenew, fence);
        };
        table_.lock_release = [](const sh_host*, sh_bytes, std::uint64_t fence, std::uint64_t token) {
            return current()->take(token, 0, Kind::kRelease, fence);
        };
        host.extend(SH_EXT_STORE, &table_);
        owners().clear();
    }

    enum class Kind { kLock = 1, kRenew, kRelease };
    struct Call {
        std::uint64_t token;
        Kind kind;
        std::uint64_t fence;
    };
    static std::vector<std::string>& owners() {
        static std::vector<std::string> list;
        return list;
    }
    /// Answers the oldest call.
    void answer(sh_status status, std::uint64_t fence = 0, std::int64_t wait_ms = 0) {
        ASSERT_FALSE(calls.empty());
        const Call call = calls.front();
        calls.erase(calls.begin());
        sh_result result = Host::make_result(status);
        result.fence = fence;
        result.wait_ms = wait_ms;
        host_.answer(call.token, result);
        host_.run();
    }

    std::vector<Call> calls;

private:
    static FakeLocks*& current() {
        static FakeLocks* locks = nullptr;
        return locks;
    }
    sh_status take(std::uint64_t token, std::uint32_t, Kind kind, std::uint64_t fence) {
        calls.push_back({token, kind, fence});
        return SH_OK;
    }

    testing::FakeHost& host_;
    sh_store_ext table_{};
};

class LockTest : public ::testing::Test {
protected:
    static constexpr std::uint32_t kLease = 9'000;
    static constexpr std::int64_t kHeldFor = 9'000 - 900 - 50;

    void acquire() {
        lock.acquire([this](sh_status status, std::int64_t) { answered.push_back(status); },
                     [this](sh_status why) { lost.push_back(why); });
        fake.run();
    }
    void hold(std::uint64_t fence = 7) {
        acquire();
        locks.answer(SH_OK, fence);
        ASSERT_TRUE(lock.is_held());
    }

    testing::FakeHost fake;
    FakeLocks locks{fake};
    Sweeper& plugin = fake.create<Sweeper>();
    Lock lock{plugin.host(), {.name = "sweep", .lease_ms = kLease}};
    std::vector<sh_status> answered;
    std::vector<sh_status> lost;
};

TEST_F(LockTest, IsHeldWithTheTokenOfItsGrant) {
    EXPECT_FALSE(lock.is_held());
    hold(7);
    EXPECT_EQ(answered, std::vector<sh_status>{SH_OK});
    EXPECT_EQ(lock.fence(), 7u);
    EXPECT_THROW(acquire(), Failure);
}

TEST_F(LockTest, AnotherHolderIsAnAnswerAndEachAttemptIsItsOwn) {
    acquire();
    locks.answer(SH_HELD, 0, 1'234);
    EXPECT_EQ(answered, std::vector<sh_status>{SH_HELD});
    EXPECT_FALSE(lock.is_held());
    acquire();
    ASSERT_EQ(FakeLocks::owners().size(), 2u);
    EXPECT_NE(FakeLocks::owners()[0], FakeLocks::owners()[1]);
}

TEST_F(LockTest, TheLeaseCountsFromWhenItWasAskedFor) {
    acquire();
    fake.advance(2'000);
    locks.answer(SH_OK, 7);
    ASSERT_TRUE(lock.is_held());
    fake.advance(kHeldFor - 2'000 - 1);
    EXPECT_TRUE(lock.is_held());
    EXPECT_TRUE(lost.empty());
    fake.advance(1);
    EXPECT_FALSE(lock.is_held());
    EXPECT_EQ(lost, std::vector<sh_status>{SH_TIMEOUT});
}

TEST_F(LockTest, RenewsAtAThirdForAsLongAsItIsWanted) {
    hold(7);
    for (int third = 0; third < 30; ++third) {
        fake.advance(kLease / 3);
        ASSERT_EQ(locks.calls.size(), 1u) << third;
        EXPECT_EQ(locks.calls[0].kind, FakeLocks::Kind::kRenew);
        EXPECT_EQ(locks.calls[0].fence, 7u);
        locks.answer(SH_OK);
        ASSERT_TRUE(lock.is_held());
    }
    EXPECT_TRUE(lost.empty());
}

TEST_F(LockTest, ARenewalCountsFromWhenItWasSent) {
    hold();
    fake.advance(kLease / 3);
    fake.advance(1'000);
    locks.answer(SH_OK);
    fake.advance(kHeldFor - 1'000 - 1);
    EXPECT_TRUE(lock.is_held());
    fake.advance(1);
    EXPECT_FALSE(lock.is_held());
}

TEST_F(LockTest, AnotherTokenEndsItAtOnce) {
    hold();
    fake.advance(kLease / 3);
    locks.answer(SH_FENCED);
    EXPECT_FALSE(lock.is_held());
    EXPECT_EQ(lost, std::vector<sh_status>{SH_FENCED});
    fake.advance(10 * kLease);
    EXPECT_EQ(lost.size(), 1u);
    EXPECT_TRUE(locks.calls.empty()) << "nobody renews what is lost";
}

TEST_F(LockTest, AStoreThatIsAwayForAWhileCostsNothing) {
    hold();
    fake.advance(kLease / 3);
    locks.answer(SH_UNAVAILABLE);
    EXPECT_TRUE(lock.is_held());
    fake.advance(kLease / 3);
    locks.answer(SH_OK);
    fake.advance(kLease / 3);
    EXPECT_TRUE(lock.is_held());
    EXPECT_TRUE(lost.empty());
}

TEST_F(LockTest, ALateAnswerDoesNotBringItBack) {
    hold();
    fake.advance(kLease);
    ASSERT_EQ(lost, std::vector<sh_status>{SH_TIMEOUT});
    locks.answer(SH_OK);
    EXPECT_FALSE(lock.is_held());
    EXPECT_EQ(lost.size(), 1u);
}

TEST_F(LockTest, AfterALongWaitTheLeaseIsRenewedBeforeAnybodyIsTold) {
    acquire();
    fake.advance(kLease);
    locks.answer(SH_OK, 9);
    EXPECT_TRUE(answered.empty());
    EXPECT_FALSE(lock.is_held());
    locks.answer(SH_OK);
    EXPECT_EQ(answered, std::vector<sh_status>{SH_OK});
    EXPECT_TRUE(lock.is_held());
    EXPECT_EQ(lock.fence(), 9u);
}

TEST_F(LockTest, AGrantThatLapsedBeforeItWasHeardIsNone) {
    acquire();
    fake.advance(2 * kLease);
    locks.answer(SH_OK, 9);
    locks.answer(SH_FENCED);
    EXPECT_EQ(answered, std::vector<sh_status>{SH_FENCED});
    EXPECT_FALSE(lock.is_held());
    EXPECT_TRUE(lost.empty());
}

TEST_F(LockTest, AReleaseComparesTheTokenAndTellsNothingMore) {
    hold(7);
    std::optional<sh_status> released;
    lock.release([&](sh_status status) { released = status; });
    EXPECT_FALSE(lock.is_held());
    ASSERT_EQ(locks.calls.size(), 1u);
    EXPECT_EQ(locks.calls[0].kind, FakeLocks::Kind::kRelease);
    EXPECT_EQ(locks.calls[0].fence, 7u);
    locks.answer(SH_OK);
    EXPECT_EQ(released, SH_OK);
    fake.advance(10 * kLease);
    EXPECT_TRUE(lost.empty());
    EXPECT_TRUE(locks.calls.empty());
    hold(8);
    EXPECT_EQ(lock.fence(), 8u);
}

TEST_F(LockTest, AReleaseOfWhatIsNotHeldSaysSo) {
    std::optional<sh_status> released;
    lock.release([&](sh_status status) { released = status; });
    fake.run();
    EXPECT_EQ(released, SH_FENCED);
    EXPECT_TRUE(locks.calls.empty());
}

TEST_F(LockTest, AGrantThatNobodyWantsAnyMoreIsGivenBack) {
    acquire();
    std::optional<sh_status> released;
    lock.release([&](sh_status status) { released = status; });
    fake.run();
    EXPECT_EQ(released, SH_FENCED);
    EXPECT_EQ(answered, std::vector<sh_status>{SH_GONE});
    locks.answer(SH_OK, 11);
    EXPECT_FALSE(lock.is_held());
    ASSERT_EQ(locks.calls.size(), 1u);
    EXPECT_EQ(locks.calls[0].kind, FakeLocks::Kind::kRelease);
    EXPECT_EQ(locks.calls[0].fence, 11u);
    locks.answer(SH_OK);
    EXPECT_EQ(answered.size(), 1u);
    EXPECT_TRUE(lost.empty());
}

TEST_F(LockTest, ADestroyedOneIsSilent) {
    {
        Lock brief(plugin.host(), {.name = "brief", .lease_ms = kLease});
        brief.acquire([](sh_status, std::int64_t) {}, [this](sh_status why) { lost.push_back(why); });
        locks.answer(SH_OK, 3);
        fake.advance(kLease / 3);
    }
    locks.answer(SH_OK);
    fake.advance(10 * kLease);
    EXPECT_TRUE(lost.empty());
    EXPECT_TRUE(locks.calls.empty());
}

TEST_F(LockTest, ALeaseOutOfRangeIsRefused) {
    EXPECT_THROW(Lock(plugin.host(), {.name = "x", .lease_ms = 499}), Failure);
    EXPECT_THROW(Lock(plugin.host(), {.name = "x", .lease_ms = 3'600'001}), Failure);
}

}  // namespace
}  // namespace streamhost
