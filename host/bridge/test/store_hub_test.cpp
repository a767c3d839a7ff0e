#include "bridge/store_hub.hpp"

#include <array>
#include <cstring>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/extensions.hpp"
#include "bridge/store_calls.hpp"
#include "bridge/test/fixture.hpp"
#include "store/memory/memory_store.hpp"

namespace streamhost::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Channels that say what they were asked, and what the test tells them to.
class Channels final : public store::ChannelCommands {
public:
    store::Submit subscribe(const store::HomeRequest& request, store::ChannelDone done) override {
        return take("+" + std::string(request.home), std::move(done));
    }
    store::Submit unsubscribe(const store::HomeRequest& request, store::ChannelDone done) override {
        return take("-" + std::string(request.home), std::move(done));
    }
    store::Submit topic_publish(const store::TopicPublishRequest&, store::ChannelDone) override {
        return store::Submit::kGone;
    }
    store::Submit topic_subscribe(const store::TopicRequest& request, store::ChannelDone done) override {
        return take("+t " + std::string(request.topic), std::move(done));
    }
    store::Submit topic_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) override {
        return take("-t " + std::string(request.topic), std::move(done));
    }
    store::Submit pattern_subscribe(const store::TopicRequest& request, store::ChannelDone done) override {
        return take("+p " + std::string(request.topic), std::move(done));
    }
    store::Submit pattern_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) override {
        return take("-p " + std::string(request.topic), std::move(done));
    }
    void answer() {
        for (store::ChannelDone& done : std::exchange(open, {}))
            done(store::ChannelResult{.status = status});
    }

    std::vector<std::string> asked;
    store::Submit submit = store::Submit::kAccepted;
    store::Status status = store::Status::kOk;
    std::vector<store::ChannelDone> open;

private:
    store::Submit take(std::string what, store::ChannelDone done) {
        asked.push_back(std::move(what));
        if (submit == store::Submit::kAccepted) open.push_back(std::move(done));
        return submit;
    }
};

/// A memory store with those channels.
class Store final : public store::Store {
public:
    Store(Channels& channels, std::unique_ptr<store::Store> rest)
        : channels_(channels), rest_(std::move(rest)) {}
    store::StreamCommands& streams() noexcept override { return rest_->streams(); }
    store::JobCommands& jobs() noexcept override { return rest_->jobs(); }
    store::RegistryCommands& registry() noexcept override { return rest_->registry(); }
    store::LockCommands& locks() noexcept override { return rest_->locks(); }
    store::KeyCommands& keys() noexcept override { return rest_->keys(); }
    store::ChannelCommands& channels() noexcept override { return channels_; }
    void shutdown() override { rest_->shutdown(); }
    [[nodiscard]] store::StoreStats stats() const noexcept override { return rest_->stats(); }

private:
    Channels& channels_;
    std::unique_ptr<store::Store> rest_;
};

class StoreHubTest : public testing::Test {
protected:
    /// A started plugin that listens to the store.
    struct Plugin {
        test::Script script;
        std::shared_ptr<control::Instance> instance;
        std::vector<std::string> heard;
        std::vector<sh_status> answers;
    };

    StoreHubTest() {
        fixture_.house.store = &hub_;
        hub_.use(std::make_unique<Store>(channels_, store::memory::make_memory_store({}, hub_, hub_)),
                 "memory");
    }
    void use(store::Policies policies) {
        hub_.use(std::make_unique<Store>(channels_, store::memory::make_memory_store({}, hub_, hub_)),
                 "redis", std::move(policies));
    }
    sh_status preview(Plugin& plugin, const std::string& stream, std::uint32_t type = SH_RECORD_TEXT) {
        const runtime::RoleScope role(runtime::Role::store);
        const sh_record record{.seq = 1, .type = type};
        return store_table().preview(plugin.script.host, bytes(stream), &record, 1);
    }
    void add(Plugin& plugin, const std::string& name) {
        plugin.script.complete = [&plugin](std::uint64_t, const sh_result& result) {
            plugin.answers.push_back(result.status);
        };
        plugin.instance = fixture_.make(plugin.script, name);
        sh_store_events events{};
        events.struct_size = sizeof(events);
        events.self = &plugin;
        events.records = [](void* self, sh_bytes stream, const sh_record*, std::uint32_t) {
            static_cast<Plugin*>(self)->heard.emplace_back(view(stream));
        };
        events.topic = [](void* self, sh_bytes pattern, sh_bytes topic, sh_bytes) {
            static_cast<Plugin*>(self)->heard.push_back(std::string(view(pattern)) + ">" +
                                                        std::string(view(topic)));
        };
        events.link = [](void*, std::uint8_t, std::uint64_t) {};
        ASSERT_EQ(hub_.set_events(*plugin.instance, events), SH_OK);
        plugin.instance->handles().open();
        fixture_.settle();
    }
    sh_status subscribe(Plugin& plugin, const Channel& channel) {
        const runtime::RoleScope role(runtime::Role::store);
        return hub_.subscribe(plugin.script.host, channel, 1);
    }
    sh_status unsubscribe(Plugin& plugin, const Channel& channel) {
        const runtime::RoleScope role(runtime::Role::store);
        return hub_.unsubscribe(plugin.script.host, channel, 2);
    }
    void record_in(const std::string& stream) {
        const store::Record record{};
        hub_.on_records(stream, {&record, 1});
    }

    test::Fixture fixture_;
    Channels channels_;
    Plugin one_;
    Plugin two_;
    StoreHub hub_{fixture_.house};
    const Channel home_{Channel::Kind::home, "h"};
};

TEST_F(StoreHubTest, ListenersHearTheirChannelFromTheMomentTheyAsk) {
    add(one_, "one");
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    record_in("h.1");  // before the store's answer is heard
    record_in("other.1");
    channels_.answer();
    record_in("h");
    EXPECT_THAT(one_.heard, ElementsAre("h.1", "h"));
    EXPECT_THAT(one_.answers, ElementsAre(SH_OK));
}

TEST_F(StoreHubTest, ARefusedListenerIsNone) {
    add(one_, "one");
    channels_.submit = store::Submit::kBusy;
    EXPECT_EQ(subscribe(one_, home_), SH_BUSY);
    channels_.submit = store::Submit::kAccepted;
    channels_.status = store::Status::kInvalid;
    EXPECT_EQ(subscribe(one_, home_), SH_OK);
    channels_.answer();
    record_in("h.1");
    EXPECT_THAT(one_.heard, IsEmpty());
    EXPECT_THAT(one_.answers, ElementsAre(SH_INVALID));
}

TEST_F(StoreHubTest, AFailedRepeatTakesNothingAway) {
    add(one_, "one");
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    channels_.answer();
    channels_.submit = store::Submit::kBusy;
    EXPECT_EQ(subscribe(one_, home_), SH_BUSY);
    record_in("h.1");
    EXPECT_THAT(one_.heard, ElementsAre("h.1"));
}

TEST_F(StoreHubTest, OfSeveralAttemptsOneYesIsEnough) {
    add(one_, "one");
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    auto second = std::move(channels_.open.back());
    channels_.open.pop_back();
    channels_.status = store::Status::kUnavailable;
    channels_.answer();
    second(store::ChannelResult{.status = store::Status::kOk});
    record_in("h.1");
    EXPECT_THAT(one_.heard, ElementsAre("h.1"));
    EXPECT_THAT(one_.answers, ElementsAre(SH_UNAVAILABLE, SH_OK));
}

TEST_F(StoreHubTest, AnOldAnswerSaysNothingOfWhoCameAgain) {
    add(one_, "one");
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    auto old = std::move(channels_.open.front());
    channels_.open.clear();
    ASSERT_EQ(unsubscribe(one_, home_), SH_OK);
    ASSERT_EQ(subscribe(one_, home_), SH_OK);
    old(store::ChannelResult{.status = store::Status::kUnavailable});
    record_in("h.1");
    EXPECT_THAT(one_.heard, ElementsAre("h.1"));
    channels_.answer();
}

TEST_F(StoreHubTest, TheStoreHearsOfTheLastOneThatLeaves) {
    add(one_, "one");
    add(two_, "two");
    for (Plugin* plugin : {&one_, &two_})
        ASSERT_EQ(subscribe(*plugin, home_), SH_OK);
    channels_.answer();
    channels_.asked.clear();
    ASSERT_EQ(unsubscribe(one_, home_), SH_OK);
    fixture_.settle();
    EXPECT_THAT(channels_.asked, IsEmpty());
    EXPECT_THAT(one_.answers, ElementsAre(SH_OK, SH_OK)) << "answered all the same";
    record_in("h.1");
    EXPECT_THAT(one_.heard, IsEmpty());
    EXPECT_THAT(two_.heard, ElementsAre("h.1"));
    ASSERT_EQ(unsubscribe(two_, home_), SH_OK);
    EXPECT_THAT(channels_.asked, ElementsAre("-h"));
}

TEST_F(StoreHubTest, APluginThatEndsLeavesItsChannels) {
    add(one_, "one");
    add(two_, "two");
    for (Plugin* plugin : {&one_, &two_})
        ASSERT_EQ(subscribe(*plugin, home_), SH_OK);
    ASSERT_EQ(subscribe(one_, {Channel::Kind::topic, "news"}), SH_OK);
    ASSERT_EQ(subscribe(one_, {Channel::Kind::pattern, "n*"}), SH_OK);
    channels_.answer();
    channels_.asked.clear();
    static_cast<void>(one_.instance->handles().close());
    fixture_.settle();
    EXPECT_THAT(channels_.asked, UnorderedElementsAre("-t news", "-p n*"));
    record_in("h.1");
    EXPECT_THAT(one_.heard, IsEmpty());
    EXPECT_THAT(two_.heard, ElementsAre("h.1"));
}

TEST_F(StoreHubTest, APluginWhoseListenerCannotBeKeptIsToldSo) {
    add(one_, "one");
    static_cast<void>(one_.instance->handles().close());
    EXPECT_EQ(hub_.set_events(*one_.instance, {}), SH_GONE);
}

TEST_F(StoreHubTest, TopicsAndPatternsAreApart) {
    add(one_, "one");
    add(two_, "two");
    ASSERT_EQ(subscribe(one_, {Channel::Kind::topic, "a*"}), SH_OK);
    ASSERT_EQ(subscribe(two_, {Channel::Kind::pattern, "a*"}), SH_OK);
    channels_.answer();
    hub_.on_topic("", "a*", {});
    hub_.on_topic("a*", "ab", {});
    EXPECT_THAT(one_.heard, ElementsAre(">a*"));
    EXPECT_THAT(two_.heard, ElementsAre("a*>ab"));
}

TEST_F(StoreHubTest, APreviewIsHeardAsIfTheStoreHadIt) {
    use(store::Policies({{"talk", store::Policy::kLive}}));
    add(one_, "one");
    ASSERT_EQ(subscribe(one_, {Channel::Kind::home, "talk"}), SH_OK);
    channels_.answer();
    EXPECT_EQ(preview(one_, "talk.1"), SH_OK);
    EXPECT_THAT(one_.heard, IsEmpty()) << "never inside the call";
    fixture_.settle();
    EXPECT_THAT(one_.heard, ElementsAre("talk.1"));
}

TEST_F(StoreHubTest, WhatIsNotLiveAndAnyEndHasNoPreview) {
    use(store::Policies({{"talk", store::Policy::kLive}, {"memo", store::Policy::kMemory}}));
    add(one_, "one");
    EXPECT_EQ(preview(one_, "talk.1", SH_RECORD_END), SH_INVALID);
    EXPECT_EQ(preview(one_, "memo.1"), SH_FORBIDDEN);
    EXPECT_EQ(preview(one_, "other.1"), SH_FORBIDDEN);
}

TEST_F(StoreHubTest, PluginsHearThePolicyOfAHome) {
    use(store::Policies({{"talk", store::Policy::kLive}}));
    add(one_, "one");
    EXPECT_EQ(store_table().policy(one_.script.host, bytes("talk.1")), std::uint32_t{SH_POLICY_LIVE});
    EXPECT_EQ(store_table().policy(one_.script.host, bytes("other")), std::uint32_t{SH_POLICY_DURABLE});
}

TEST_F(StoreHubTest, AnAlarmIsNeverEarlyAndOneThatNeverFiresIsNotLost) {
    std::vector<std::int64_t> fired;
    const std::int64_t begin = hub_.now_ms();
    hub_.post_at(begin + 30, [&] { fired.push_back(hub_.now_ms()); });
    hub_.post_at(begin + 60'000, [&] { fired.push_back(-1); });
    for (int step = 0; step < 100 && fired.empty(); ++step) {
        fixture_.clock.advance_ms(1);
        fixture_.loops.loop(0).run_once(0);
    }
    EXPECT_THAT(fired, ElementsAre(begin + 30));
}

TEST_F(StoreHubTest, ASharedRateAnswersWhatItGaveAndWhenThereIsMore) {
    add(one_, "one");
    std::vector<std::pair<std::uint64_t, std::int64_t>> given;
    one_.script.complete = [&](std::uint64_t, const sh_result& result) {
        EXPECT_EQ(result.status, SH_OK);
        given.emplace_back(result.count, result.wait_ms);
    };
    const auto take = [&](std::uint64_t interval_ns, std::uint32_t want) {
        const runtime::RoleScope role(runtime::Role::store);
        return store_table().rate_take(one_.script.host, bytes("r"), interval_ns, 10, want, 3);
    };
    ASSERT_EQ(take(3'600'000'000'000, 4), SH_OK);
    ASSERT_EQ(take(3'600'000'000'000, 8), SH_OK);
    fixture_.settle();
    EXPECT_THAT(given, ElementsAre(testing::Pair(4U, 0), testing::Pair(6U, 3'600'000)));
    one_.script.complete = [&](std::uint64_t, const sh_result& result) {
        EXPECT_EQ(result.status, SH_INVALID);
        given.clear();
    };
    ASSERT_EQ(take(UINT64_MAX, 1), SH_OK);
    fixture_.settle();
    EXPECT_THAT(given, IsEmpty());
}

TEST(StoreTable, HasEveryCommand) {
    std::array<void (*)(), (sizeof(sh_store_ext) - 8) / sizeof(void (*)())> calls{};
    std::memcpy(calls.data(), reinterpret_cast<const char*>(&store_table()) + 8, sizeof(calls));
    for (std::size_t index = 0; index < calls.size(); ++index)
        EXPECT_NE(calls[index], nullptr) << "member " << index;
    EXPECT_EQ(store_table().struct_size, sizeof(sh_store_ext));
}

TEST(StoreTable, AStoreWithoutMemoryIsAwayAndAFullStreamIsFull) {
    const auto said = [](store::Status status) {
        sh_result result{};
        set_status(status, result);
        return result.status;
    };
    EXPECT_EQ(said(store::Status::kExhausted), SH_UNAVAILABLE);
    EXPECT_EQ(said(store::Status::kUnavailable), SH_UNAVAILABLE);
    EXPECT_EQ(said(store::Status::kFull), SH_FULL);
}

}  // namespace
}  // namespace streamhost::bridge
