// Topics on a store that this test is.
#include "topics.hpp"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace pubsub {
namespace {

using streamhost::bytes;
using streamhost::view;
using streamhost::testing::FakeHost;

class Holder : public streamhost::Plugin {
public:
    using Plugin::Plugin;
    void start() override { topics = std::make_unique<Topics>(host()); }
    [[nodiscard]] streamhost::Host& own() { return host(); }
    std::unique_ptr<Topics> topics;
};

// What the store was asked, in order; publishes are answered with `receivers`.
struct AskedStore {
    AskedStore() {
        current() = this;
        table.struct_size = sizeof(table);
        table.topic_publish = [](const sh_host* host, sh_bytes topic, sh_bytes, std::uint64_t token) {
            return current()->answer(host, "publish " + std::string(view(topic)), token);
        };
        table.topic_subscribe = [](const sh_host* host, sh_bytes topic, std::uint8_t pattern,
                                   std::uint64_t token) {
            return current()->answer(host, (pattern != 0 ? "like " : "on ") + std::string(view(topic)),
                                     token);
        };
        table.topic_unsubscribe = [](const sh_host* host, sh_bytes topic, std::uint8_t, std::uint64_t token) {
            return current()->answer(host, "off " + std::string(view(topic)), token);
        };
    }
    static AskedStore*& current() {
        static AskedStore* one = nullptr;
        return one;
    }
    sh_status answer(const sh_host* host, std::string what, std::uint64_t token) {
        asked.push_back(std::move(what));
        sh_result result = streamhost::Host::make_result(status);
        result.count = receivers;
        FakeHost::of(host).answer(token, result);
        return SH_OK;
    }
    sh_store_ext table{};
    std::vector<std::string> asked;
    std::uint64_t receivers = 0;
    sh_status status = SH_OK;
};

class TopicsTest : public ::testing::Test {
protected:
    TopicsTest() {
        host_.extend(SH_EXT_STORE, &store_.table);
        auto& plugin = host_.create<Holder>();
        EXPECT_EQ(host_.start(), SH_OK);
        topics_ = plugin.topics.get();
        plugin_ = &plugin;
    }
    ~TopicsTest() override { host_.stop(); }

    sh_ticket ticket() {
        return host_.ticket([this](const sh_result& result) { answers_.push_back(result); });
    }
    std::uint64_t publish() {
        topics_->publish("news", "x", ticket());
        host_.run();
        return answers_.back().count;
    }

    AskedStore store_;
    FakeHost host_;
    Topics* topics_ = nullptr;
    Holder* plugin_ = nullptr;
    std::vector<sh_result> answers_;
};

TEST_F(TopicsTest, APublishSaysWhoHeardItAndNobodyIsCounted) {
    store_.receivers = 3;
    EXPECT_EQ(publish(), 3u);
    EXPECT_EQ(host_.metric_values["pubsub_unheard_total"], 0);
    store_.receivers = 0;
    EXPECT_EQ(publish(), 0u);
    EXPECT_EQ(host_.metric_values["pubsub_unheard_total"], 1);
    EXPECT_EQ(host_.metric_values["pubsub_messages_total{direction=out}"], 2);
}

TEST_F(TopicsTest, WhatTheStoreDidNotTakeIsNoMessage) {
    store_.status = SH_UNAVAILABLE;
    (void)publish();
    EXPECT_EQ(answers_.back().status, static_cast<std::uint32_t>(SH_UNAVAILABLE));
    EXPECT_EQ(host_.metric_values["pubsub_messages_total{direction=out}"], 0);
    EXPECT_EQ(host_.metric_values["pubsub_unheard_total"], 0);
}

TEST_F(TopicsTest, AMessageReachesItsSubscribersAndThoseOfItsPattern) {
    struct Ear {
        std::vector<std::string> heard;
        static void hear(void* self, sh_bytes topic, sh_bytes payload) noexcept {
            static_cast<Ear*>(self)->heard.push_back(std::string(view(topic)) + "=" +
                                                     std::string(view(payload)));
        }
    };
    Ear plain;
    Ear pattern;
    static const sh_topic_events kEvents = {sizeof(sh_topic_events), 0, &Ear::hear};
    auto one = plugin_->own().expose(&kEvents, &plain);
    auto two = plugin_->own().expose(&kEvents, &pattern);
    topics_->subscribe("news.a", false, one.get(), ticket());
    topics_->subscribe("news.a", false, one.get(), ticket());
    topics_->subscribe("news.*", true, two.get(), ticket());
    host_.run();
    topics_->message("", "news.a", "1");
    topics_->message("news.*", "news.a", "1");
    topics_->message("", "other", "2");
    EXPECT_EQ(plain.heard, std::vector<std::string>{"news.a=1"}) << "once, however often it subscribed";
    EXPECT_EQ(pattern.heard, std::vector<std::string>{"news.a=1"});

    topics_->unsubscribe("news.a", false, one.get(), ticket());
    topics_->unsubscribe("never", false, one.get(), ticket());
    host_.run();
    topics_->message("", "news.a", "3");
    EXPECT_EQ(plain.heard.size(), 1u);
    EXPECT_EQ(store_.asked,
              (std::vector<std::string>{"on news.a", "on news.a", "like news.*", "off news.a"}));
    const auto unknown = std::count_if(answers_.begin(), answers_.end(),
                                       [](const sh_result& result) { return result.status == SH_NOT_FOUND; });
    EXPECT_EQ(unknown, 1);
}

}  // namespace
}  // namespace pubsub
