#include "control/owned_handles.hpp"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::control {
namespace {

using testing::ElementsAre;

class Handles : public testing::Test {
protected:
    sh_handle add(std::string_view kind, const std::string& name) {
        return handles_
            .add({kind, [this, name] { log_.push_back("activate " + name); },
                  [this, name] { log_.push_back("revoke " + name); }})
            .handle;
    }

    OwnedHandles handles_;
    std::vector<std::string> log_;
};

TEST_F(Handles, AreRevokedNewestFirst) {
    add("timer", "a");
    add("route", "b");
    add("timer", "c");
    EXPECT_EQ(handles_.close(), "1 route, 2 timer");
    EXPECT_THAT(log_, ElementsAre("revoke c", "revoke b", "revoke a"));
}

TEST_F(Handles, ShowOnlyOnceTheInstanceIsOpen) {
    add("route", "a");
    add("route", "b");
    EXPECT_THAT(log_, ElementsAre());
    handles_.open();
    EXPECT_THAT(log_, ElementsAre("activate a", "activate b"));
    add("route", "c");
    EXPECT_EQ(log_.back(), "activate c");
}

TEST_F(Handles, OfAFailedStartAreRevokedWithoutHavingShown) {
    add("route", "a");
    handles_.close();
    EXPECT_THAT(log_, ElementsAre("revoke a"));
}

TEST_F(Handles, AreTakenBackOnceByTheirOwner) {
    const sh_handle timer = add("timer", "a");
    EXPECT_TRUE(handles_.revoke(timer));
    EXPECT_FALSE(handles_.revoke(timer));
    EXPECT_EQ(handles_.close(), "");
    EXPECT_THAT(log_, ElementsAre("revoke a"));
}

TEST_F(Handles, ThatEndedByThemselvesAreNotRevoked) {
    const sh_handle timer = add("timer", "a");
    EXPECT_TRUE(handles_.forget(timer));
    EXPECT_EQ(handles_.close(), "");
    EXPECT_THAT(log_, ElementsAre());
}

TEST_F(Handles, OfAnotherInstanceAreUnknown) {
    OwnedHandles other;
    const sh_handle theirs = other.add({"timer", {}, [] {}}).handle;
    EXPECT_NE(theirs, add("timer", "a"));
    EXPECT_FALSE(handles_.revoke(theirs));
    EXPECT_EQ(other.counts().at("timer"), 1u);
}

TEST_F(Handles, AreRefusedAfterTheEnd) {
    handles_.close();
    bool touched = false;
    OwnedHandles::Record record{"timer", {}, [&touched] { touched = true; }};
    const auto added = handles_.add(std::move(record));
    EXPECT_EQ(added.refusal, OwnedHandles::Refusal::closed);
    EXPECT_EQ(added.handle, 0u);
    EXPECT_TRUE(
        static_cast<bool>(record.revoke));  // NOLINT(bugprone-use-after-move): a refusal moves nothing
    EXPECT_FALSE(touched);
}

TEST_F(Handles, AreLimited) {
    OwnedHandles few(OwnedHandles::Limits{.records = 1});
    EXPECT_NE(few.add({"timer", {}, [] {}}).handle, 0u);
    EXPECT_EQ(few.add({"timer", {}, [] {}}).refusal, OwnedHandles::Refusal::full);
}

TEST_F(Handles, WithNothingToRevokeAreDroppedWhenActive) {
    int ran = 0;
    static_cast<void>(handles_.add({"task", [&ran] { ++ran; }, {}}));
    EXPECT_EQ(handles_.counts().at("task"), 1u);
    handles_.open();
    EXPECT_EQ(ran, 1);
    EXPECT_TRUE(handles_.counts().empty());
}

TEST_F(Handles, AreEachRevokedExactlyOnceWhileThreadsRaceWithTheEnd) {
    constexpr int kPerThread = 2'000;
    std::atomic<int> added{0};
    std::atomic<int> revoked{0};
    const auto work = [&] {
        for (int i = 0; i < kPerThread; ++i) {
            const auto mine = handles_.add({"timer", {}, [&revoked] { ++revoked; }});
            if (mine.refusal != OwnedHandles::Refusal::none) return;
            ++added;
            if (i % 2 == 0) handles_.revoke(mine.handle);
        }
    };
    std::thread first(work);
    std::thread second(work);
    while (added.load() < 500)
        std::this_thread::yield();
    handles_.close();
    first.join();
    second.join();
    EXPECT_EQ(revoked.load(), added.load());
    EXPECT_TRUE(handles_.counts().empty());
}

}  // namespace
}  // namespace streamhost::control
