#include "control/service_registry.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/test/house.hpp"

namespace streamhost::control {
namespace {

using test::describe;
using test::ExpectFaults;
using test::House;
using test::Script;

class Registry : public testing::Test {
protected:
    void offer(Instance& by, int& table) {
        services_.admit(by);
        ASSERT_EQ(services_.provide(by, "a/1", &table, &table), SH_OK);
    }
    void serve(Instance& by, int& table) {
        offer(by, table);
        services_.publish(by);
    }
    /// The table that a call reaches now, or nullptr.
    static const void* reached(const sh_lease* lease) {
        const void* table = nullptr;
        void* self = nullptr;
        if (ServiceRegistry::enter(lease, &table, &self) != SH_OK) return nullptr;
        ServiceRegistry::leave(lease);
        return table;
    }

    House house_;
    ServiceRegistry& services_ = house_.services;
    Script script_;
    std::shared_ptr<Instance> provider_ = house_.make(script_, describe("provider", {"a/1", "b/1"}));
    std::shared_ptr<Instance> successor_ = house_.make(script_, describe("provider", {"a/1", "b/1"}), 2);
    std::shared_ptr<Instance> rival_ = house_.make(script_, describe("rival", {"a/1"}));
    std::shared_ptr<Instance> user_ = house_.make(script_, describe("user", {}, {"a/1"}));
    int one_ = 1;
    int two_ = 2;
    const void* table_ = nullptr;
    void* self_ = nullptr;
};

TEST_F(Registry, LeaseExistsBeforeItsProvider) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    ASSERT_NE(lease, nullptr);
    EXPECT_EQ(services_.acquire(*user_, "a/1"), lease);
    EXPECT_EQ(reached(lease), nullptr);
    serve(*provider_, one_);
    EXPECT_EQ(reached(lease), &one_);
}

TEST_F(Registry, LeaseIsForListedServicesOnly) {
    EXPECT_EQ(services_.acquire(*user_, "b/1"), nullptr);
    EXPECT_EQ(services_.acquire(*provider_, "a/1"), nullptr);
}

TEST_F(Registry, ServicesShowWhenPublishedAndNotBefore) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    offer(*provider_, one_);
    EXPECT_EQ(reached(lease), nullptr);
    EXPECT_FALSE(services_.has_provider("a/1"));
    services_.publish(*provider_);
    EXPECT_EQ(reached(lease), &one_);
    ASSERT_EQ(services_.provide(*provider_, "b/1", &two_, nullptr), SH_OK);
    EXPECT_TRUE(services_.has_provider("b/1"));
}

TEST_F(Registry, OfAFailedStartNeverShow) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    offer(*provider_, one_);
    services_.close(*provider_);
    services_.forget(*provider_);
    EXPECT_EQ(reached(lease), nullptr);
    serve(*rival_, two_);
    EXPECT_EQ(reached(lease), &two_);
}

TEST_F(Registry, ProvideIsRefusedForAReason) {
    EXPECT_EQ(services_.provide(*provider_, "a/1", &one_, nullptr), SH_GONE);  // before start()
    services_.admit(*provider_);
    EXPECT_EQ(services_.provide(*provider_, "c/1", &one_, nullptr), SH_FORBIDDEN);
    EXPECT_EQ(services_.provide(*provider_, "a/1", nullptr, nullptr), SH_INVALID);
    EXPECT_EQ(services_.provide(*provider_, "a/1", &one_, nullptr), SH_OK);
    EXPECT_EQ(services_.provide(*provider_, "a/1", &one_, nullptr), SH_CONFLICT);
    services_.admit(*rival_);
    EXPECT_EQ(services_.provide(*rival_, "a/1", &two_, nullptr), SH_CONFLICT);
    services_.close(*provider_);
    EXPECT_EQ(services_.provide(*provider_, "b/1", &one_, nullptr), SH_GONE);
}

TEST_F(Registry, SuccessorTakesTheLeaseOverWithoutAGap) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    serve(*provider_, one_);
    offer(*successor_, two_);
    EXPECT_EQ(reached(lease), &one_);
    services_.publish(*successor_);
    EXPECT_EQ(reached(lease), &two_);
    services_.close(*provider_);
    services_.forget(*provider_);
    EXPECT_EQ(reached(lease), &two_);
}

TEST_F(Registry, LeaveBelongsToTheProviderThatWasEntered) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    serve(*provider_, one_);
    ASSERT_EQ(ServiceRegistry::enter(lease, &table_, &self_), SH_OK);
    offer(*successor_, two_);
    services_.publish(*successor_);
    services_.close(*provider_);
    EXPECT_EQ(services_.inside(*provider_), 1u);
    EXPECT_EQ(services_.inside_text(*provider_), "1 in a/1");
    EXPECT_EQ(services_.inside(*successor_), 0u);
    EXPECT_EQ(provider_of(lease), provider_.get());
    ServiceRegistry::leave(lease);
    EXPECT_EQ(services_.inside(*provider_), 0u);
    EXPECT_EQ(provider_of(lease), successor_.get());
}

TEST_F(Registry, CallsInARoundAreNotCounted) {
    const runtime::RoleScope scope(runtime::Role::loop);
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    serve(*provider_, one_);
    ASSERT_EQ(ServiceRegistry::enter(lease, &table_, &self_), SH_OK);
    EXPECT_EQ(services_.inside(*provider_), 0u);
    EXPECT_EQ(ServiceRegistry::entered(), 1u);
    EXPECT_EQ(self_, &one_);
    ServiceRegistry::leave(lease);
    EXPECT_EQ(ServiceRegistry::entered(), 0u);
}

TEST_F(Registry, EntersNest) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    serve(*provider_, one_);
    for (std::uint32_t i = 0; i < ServiceRegistry::kMaxNested; ++i) {
        ASSERT_EQ(ServiceRegistry::enter(lease, &table_, &self_), SH_OK);
    }
    {
        const ExpectFaults faults;
        EXPECT_EQ(ServiceRegistry::enter(lease, &table_, &self_), SH_INTERNAL);
        EXPECT_EQ(faults.count(), 1u);
    }
    for (std::uint32_t i = 0; i < ServiceRegistry::kMaxNested; ++i)
        ServiceRegistry::leave(lease);
    EXPECT_EQ(services_.inside(*provider_), 0u);
}

TEST_F(Registry, LeaveWithoutEnterIsAFault) {
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    const ExpectFaults faults;
    ServiceRegistry::leave(lease);
    EXPECT_EQ(faults.count(), 1u);
}

TEST_F(Registry, EdgesSayWhoUsesWhom) {
    ASSERT_NE(services_.acquire(*user_, "a/1"), nullptr);
    ASSERT_EQ(services_.edges().size(), 1u);
    EXPECT_EQ(services_.edges()[0].provider, "");
    serve(*provider_, one_);
    const auto edge = services_.edges()[0];
    EXPECT_EQ(edge.user, "user");
    EXPECT_EQ(edge.service, "a/1");
    EXPECT_EQ(edge.provider, "provider");
    EXPECT_TRUE(edge.required);
    services_.forget(*user_);
    EXPECT_TRUE(services_.edges().empty());
}

/// A thread that has the loop role and says when it is between rounds.
class FakeLoop {
public:
    template <class Body>
    explicit FakeLoop(Body body)
        : thread_([this, body] {
              const runtime::RoleScope scope(runtime::Role::loop);
              while (!end_.load()) {
                  body();
                  rounds_.fetch_add(1);
              }
          }) {}
    ~FakeLoop() {
        end_ = true;
        thread_.join();
    }
    FakeLoop(const FakeLoop&) = delete;
    FakeLoop& operator=(const FakeLoop&) = delete;
    /// The round under way at the time of the call has ended, and so has anything that it had entered.
    void wait_round() const {
        const std::uint64_t now = rounds_.load();
        while (rounds_.load() < now + 1)
            std::this_thread::yield();
    }

private:
    std::atomic<bool> end_{false};
    std::atomic<std::uint64_t> rounds_{0};
    std::thread thread_;
};

/// A provider's state: alive while it may be called. Plain, so that the thread sanitizer sees a call that is
/// late.
struct Provided {
    int alive = 0;
};

TEST_F(Registry, NobodyIsInsideAProviderThatIsQuiet) {
    constexpr int kToggles = 60;
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> dead{0};
    const auto call = [&] {
        const void* table = nullptr;
        void* self = nullptr;
        if (ServiceRegistry::enter(lease, &table, &self) != SH_OK) return;
        (static_cast<Provided*>(self)->alive == 1 ? served : dead).fetch_add(1);
        ServiceRegistry::leave(lease);
    };
    {
        FakeLoop loop(call);
        std::atomic<bool> end{false};
        std::thread worker([&] {
            while (!end.load())
                call();
        });
        int table = 0;
        for (int i = 0; i < kToggles; ++i) {
            auto instance = house_.make(script_, describe("provider", {"a/1"}));
            auto state = std::make_unique<Provided>();
            state->alive = 1;
            services_.admit(*instance);
            ASSERT_EQ(services_.provide(*instance, "a/1", &table, state.get()), SH_OK);
            services_.publish(*instance);
            loop.wait_round();
            services_.close(*instance);
            loop.wait_round();
            while (services_.inside(*instance) != 0)
                std::this_thread::yield();
            state->alive = 0;
            services_.forget(*instance);
        }
        end = true;
        worker.join();
    }
    EXPECT_GT(served.load(), 0u);
    EXPECT_EQ(dead.load(), 0u);
}

TEST_F(Registry, HoldersNeverMissAProviderThatIsReplaced) {
    constexpr int kSwaps = 60;
    const sh_lease* lease = services_.acquire(*user_, "a/1");
    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> missed{0};
    int table = 0;
    std::vector<std::unique_ptr<Provided>> states;
    auto current = house_.make(script_, describe("provider", {"a/1"}));
    states.push_back(std::make_unique<Provided>(Provided{1}));
    services_.admit(*current);
    ASSERT_EQ(services_.provide(*current, "a/1", &table, states.back().get()), SH_OK);
    services_.publish(*current);
    const auto call = [&] {
        const void* found = nullptr;
        void* self = nullptr;
        if (ServiceRegistry::enter(lease, &found, &self) != SH_OK) {
            ++missed;
            return;
        }
        served += static_cast<std::uint64_t>(static_cast<Provided*>(self)->alive);
        ServiceRegistry::leave(lease);
    };
    {
        FakeLoop loop(call);
        std::atomic<bool> end{false};
        std::thread worker([&] {
            while (!end.load())
                call();
        });
        for (int i = 0; i < kSwaps; ++i) {
            auto next =
                house_.make(script_, describe("provider", {"a/1"}), static_cast<std::uint64_t>(i) + 2);
            states.push_back(std::make_unique<Provided>(Provided{1}));
            services_.admit(*next);
            ASSERT_EQ(services_.provide(*next, "a/1", &table, states.back().get()), SH_OK);
            services_.publish(*next);
            services_.close(*current);
            loop.wait_round();
            while (services_.inside(*current) != 0)
                std::this_thread::yield();
            states[states.size() - 2].reset();
            services_.forget(*current);
            current = next;
        }
        end = true;
        worker.join();
    }
    EXPECT_EQ(missed.load(), 0u);
    EXPECT_GT(served.load(), 0u);
}

}  // namespace
}  // namespace streamhost::control
