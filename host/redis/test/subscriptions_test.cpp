#include "redis/client/subscriptions.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/resp.hpp"

namespace streamhost::redis {
namespace {

using Words = std::vector<std::string>;

class SubscriptionsTest : public ::testing::Test {
protected:
    CallDone note(const std::string& text) {
        return [this, text](const CallReply& reply) {
            ends_.push_back(text + (reply.end == CallEnd::kReply         ? " yes"
                                    : reply.end == CallEnd::kTimeout     ? " timeout"
                                    : reply.end == CallEnd::kUnavailable ? " unavailable"
                                                                         : " closed"));
        };
    }
    void listen(const std::string& name, std::int64_t deadline_ms = 1'000,
                ListenTo kind = ListenTo::kChannel) {
        ASSERT_TRUE(all_.listen(kind, name, deadline_ms, note("+" + name)));
    }
    void unlisten(const std::string& name, std::int64_t deadline_ms = 1'000) {
        ASSERT_TRUE(all_.unlisten(ListenTo::kChannel, name, deadline_ms, note("-" + name)));
    }
    // Each command as its words.
    std::vector<Words> commands() {
        std::vector<Words> texts;
        for (const std::string& command : all_.take_commands()) {
            RespReader reader;
            reader.feed(command);
            EXPECT_TRUE(reader.next());
            Words& words = texts.emplace_back();
            for (std::uint32_t at = 0; at < reader.value().size(); ++at)
                words.emplace_back(reader.value()[at].text());
        }
        return texts;
    }
    void acknowledge(const std::string& name, bool is_subscribed, ListenTo kind = ListenTo::kChannel) {
        all_.acknowledged(kind, name, is_subscribed);
    }
    Words ends() {
        for (Subscriptions::Ended& call : all_.take_ended())
            call.done({call.end, {}});
        return std::exchange(ends_, {});
    }

    Subscriptions all_{{.max_names = 10, .names_per_command = 3}};
    Words ends_;
};

TEST_F(SubscriptionsTest, SaysYesWhenTheServerDid) {
    all_.connected();
    EXPECT_TRUE(all_.is_settled());
    listen("a");
    EXPECT_EQ(commands(), (std::vector<Words>{{"SUBSCRIBE", "a"}}));
    EXPECT_EQ(commands(), std::vector<Words>{}) << "once";
    EXPECT_EQ(ends(), Words{});
    acknowledge("a", true);
    EXPECT_EQ(ends(), Words{"+a yes"});
    listen("a");
    EXPECT_EQ(ends(), Words{"+a yes"}) << "a repeat is answered like the first";
    EXPECT_EQ(commands(), std::vector<Words>{});
}

TEST_F(SubscriptionsTest, NamesAndPatternsLeaveTogetherButNotTooManyAtOnce) {
    all_.connected();
    for (const char* name : {"a", "b", "c", "d"})
        listen(name);
    listen("p*", 1'000, ListenTo::kPattern);
    EXPECT_EQ(commands(),
              (std::vector<Words>{{"SUBSCRIBE", "a", "b", "c"}, {"SUBSCRIBE", "d"}, {"PSUBSCRIBE", "p*"}}));
    acknowledge("p*", true, ListenTo::kPattern);
    EXPECT_EQ(ends(), Words{"+p* yes"});
}

TEST_F(SubscriptionsTest, ANewConnectionSettlesWhenAllAreAcknowledged) {
    listen("a");
    listen("b");
    EXPECT_EQ(commands(), std::vector<Words>{}) << "no connection, nothing to say";
    all_.connected();
    EXPECT_FALSE(all_.is_settled());
    EXPECT_EQ(commands(), (std::vector<Words>{{"SUBSCRIBE", "a", "b"}}));
    acknowledge("a", true);
    EXPECT_FALSE(all_.is_settled());
    acknowledge("b", true);
    EXPECT_TRUE(all_.is_settled());
    EXPECT_EQ(ends(), (Words{"+a yes", "+b yes"}));
    all_.disconnected();
    EXPECT_FALSE(all_.is_settled());
    all_.connected();
    EXPECT_EQ(commands(), (std::vector<Words>{{"SUBSCRIBE", "a", "b"}}));
    EXPECT_EQ(ends(), Words{}) << "who was told once is not told again";
}

TEST_F(SubscriptionsTest, WhatChangesOnTheWayFollowsTheAnswer) {
    all_.connected();
    listen("a");
    (void)commands();
    unlisten("a");
    EXPECT_EQ(commands(), std::vector<Words>{}) << "one command per name";
    acknowledge("a", true);
    EXPECT_EQ(ends(), Words{"+a yes"});
    EXPECT_EQ(commands(), (std::vector<Words>{{"UNSUBSCRIBE", "a"}}));
    listen("a");
    acknowledge("a", false);
    EXPECT_EQ(ends(), Words{"-a yes"});
    EXPECT_EQ(commands(), (std::vector<Words>{{"SUBSCRIBE", "a"}}));
    acknowledge("a", true);
    EXPECT_EQ(ends(), Words{"+a yes"});
    EXPECT_EQ(all_.size(), 1U);
}

TEST_F(SubscriptionsTest, WithoutAConnectionNothingComesAnyMore) {
    listen("a");
    unlisten("a");
    EXPECT_EQ(ends(), (Words{"+a yes", "-a yes"}));
    EXPECT_EQ(all_.size(), 0U);
    unlisten("never");
    EXPECT_EQ(ends(), Words{"-never yes"});
    all_.connected();
    listen("b");
    (void)commands();
    acknowledge("b", true);
    unlisten("b");
    (void)commands();
    all_.disconnected();
    EXPECT_EQ(ends(), (Words{"+b yes", "-b yes"}));
}

TEST_F(SubscriptionsTest, WhoWasNotToldYesDoesNotListen) {
    listen("a", 100);
    all_.expire(99);
    EXPECT_EQ(ends(), Words{});
    all_.expire(100);
    EXPECT_EQ(ends(), Words{"+a unavailable"});
    EXPECT_EQ(all_.size(), 0U);
    all_.connected();
    listen("b", 200);
    (void)commands();
    all_.expire(200);
    EXPECT_EQ(ends(), Words{"+b timeout"});
    acknowledge("b", true);
    EXPECT_EQ(commands(), (std::vector<Words>{{"UNSUBSCRIBE", "b"}}));
    acknowledge("b", false);
    EXPECT_EQ(all_.size(), 0U);
    EXPECT_TRUE(all_.is_settled());
}

TEST_F(SubscriptionsTest, ANameGivenUpBeforeItIsThereNoLongerDelaysTheConnection) {
    listen("a", 100);
    all_.connected();
    all_.expire(100);
    EXPECT_TRUE(all_.is_settled());
    EXPECT_EQ(commands(), std::vector<Words>{});
}

TEST_F(SubscriptionsTest, IsBoundedAndClosesWithAnAnswer) {
    for (int name = 0; name < 10; ++name)
        listen(std::to_string(name));
    EXPECT_FALSE(all_.listen(ListenTo::kChannel, "more", 1'000, note("more")));
    EXPECT_EQ(all_.waiting(), 10U);
    for (Subscriptions::Ended& call : all_.take_all())
        call.done({call.end, {}});
    EXPECT_EQ(ends_.size(), 10U);
    EXPECT_EQ(ends_.front(), "+0 closed");
    EXPECT_EQ(all_.waiting(), 0U);
}

}  // namespace
}  // namespace streamhost::redis
