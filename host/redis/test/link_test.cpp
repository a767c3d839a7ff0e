#include "redis/link.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/command.hpp"

namespace streamhost::redis {
namespace {

constexpr std::string_view kHello =
    "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n";
constexpr std::string_view kMaster = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
constexpr std::string_view kReplica =
    "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n";

class LinkTest : public ::testing::Test {
protected:
    // What leaves for the socket, all of it.
    std::string leave(Link& link) {
        std::string bytes(link.outgoing());
        link.sent(bytes.size());
        return bytes;
    }
    static void come(Link& link, std::string_view bytes) {
        std::copy(bytes.begin(), bytes.end(), link.room(bytes.size()));
        link.received(bytes.size());
    }
    void make_ready(Link& link) {
        link.open(0);
        leave(link);
        come(link, std::string(kHello) + std::string(kMaster));
        ASSERT_EQ(link.state(), LinkState::kReady) << link.detail();
    }
    static std::string get(std::string_view key) {
        std::string command;
        write_command(command, "GET", key);
        return command;
    }
    // An answer as a word: the text, or what is known.
    LinkDone note() {
        return [this](const LinkReply& reply) {
            answers_.push_back(reply.answer == LinkAnswer::kUnsent    ? "unsent"
                               : reply.answer == LinkAnswer::kUnknown ? "unknown"
                                                                      : std::string(reply.value.text()));
        };
    }
    [[nodiscard]] LinkEnd end_after(Link& link, std::string_view bytes) {
        link.open(0);
        leave(link);
        come(link, bytes);
        return link.ended();
    }

    std::vector<std::string> answers_;
    Link link_{{}};
};

TEST_F(LinkTest, GreetsInOnePieceAndIsReadyWhenTheServerIsTheMaster) {
    Link link({.username = "app", .password = "secret", .database = 3, .client_name = "node-1"});
    int changes = 0;
    link.on_change = [&] { ++changes; };
    link.open(0);
    std::string expected;
    write_command(expected, "HELLO", "3", "AUTH", "app", "secret", "SETNAME", "node-1");
    write_command(expected, "SELECT", 3);
    write_command(expected, "ROLE");
    EXPECT_EQ(leave(link), expected);
    come(link, kHello);
    come(link, "+OK\r\n");
    EXPECT_EQ(link.state(), LinkState::kGreeting);
    EXPECT_FALSE(link.send(get("a"), 100, note())) << "not before it is ready";
    come(link, kMaster);
    EXPECT_EQ(link.state(), LinkState::kReady);
    EXPECT_EQ(link.version(), "7.0.15");
    EXPECT_EQ(changes, 1);
}

TEST_F(LinkTest, APasswordWithoutAUserIsTheDefaultUsers) {
    Link link({.password = "secret"});
    link.open(0);
    EXPECT_NE(link.outgoing().find("$7\r\ndefault\r\n$6\r\nsecret\r\n"), std::string_view::npos);
}

TEST_F(LinkTest, TellsWhyItIsNotWanted) {
    EXPECT_EQ(end_after(link_, "-WRONGPASS invalid username-password pair\r\n"), LinkEnd::kPassword);
    EXPECT_EQ(link_.detail(), "WRONGPASS invalid username-password pair");
    EXPECT_EQ(end_after(link_, "-NOAUTH HELLO must be called with the client already authenticated\r\n"),
              LinkEnd::kPassword);
    EXPECT_EQ(end_after(link_, "-ERR unknown command `HELLO`\r\n"), LinkEnd::kTooOld);
    EXPECT_EQ(end_after(link_, "%1\r\n+version\r\n+6.0.16\r\n"), LinkEnd::kTooOld);
    EXPECT_EQ(end_after(link_, std::string(kHello) + std::string(kReplica)), LinkEnd::kNotMaster);
    EXPECT_EQ(end_after(link_, std::string(kHello) + "-LOADING Redis is loading the dataset in memory\r\n"),
              LinkEnd::kLoading);
    EXPECT_EQ(end_after(link_, "HTTP/1.1 400 Bad Request\r\n"), LinkEnd::kGarbage);
    Link third({.database = 99});
    EXPECT_EQ(end_after(third, std::string(kHello) + "-ERR DB index is out of range\r\n"),
              LinkEnd::kDatabase);
}

TEST_F(LinkTest, AReplicaIsWelcomeWhereNoMasterIsNeeded) {
    Link link({.wants_master = false});
    EXPECT_EQ(end_after(link, std::string(kHello) + std::string(kReplica)), LinkEnd::kNone);
    EXPECT_EQ(link.state(), LinkState::kReady);
}

TEST_F(LinkTest, AnswersComeInTheOrderOfTheCommandsWhichLeaveTogether) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    ASSERT_TRUE(link_.send(get("b"), 100, note()));
    EXPECT_EQ(leave(link_), get("a") + get("b"));
    come(link_, "$1\r\n1\r\n$1\r");
    EXPECT_EQ(answers_, std::vector<std::string>{"1"});
    come(link_, "\n2\r\n");
    EXPECT_EQ(answers_, (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(link_.waiting(), 0U);
}

TEST_F(LinkTest, WhatNeverLeftHadNoEffectAndNobodyKnowsOfTheRest) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    leave(link_);
    ASSERT_TRUE(link_.send(get("b"), 100, note()));
    link_.sent(1);
    ASSERT_TRUE(link_.send(get("c"), 100, note()));
    link_.close(LinkEnd::kByPeer);
    EXPECT_EQ(answers_, (std::vector<std::string>{"unknown", "unknown", "unsent"}));
    EXPECT_EQ(link_.ended(), LinkEnd::kByPeer);
}

TEST_F(LinkTest, ADeadlineEndsTheConnection) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 500, note()));
    ASSERT_TRUE(link_.send(get("b"), 200, note()));
    EXPECT_EQ(link_.next_deadline_ms(), 200);
    link_.tick(199);
    EXPECT_TRUE(answers_.empty());
    link_.tick(200);
    EXPECT_EQ(link_.ended(), LinkEnd::kTimeout);
    EXPECT_EQ(answers_.size(), 2U);
}

TEST_F(LinkTest, ADeadlineThatWasMetEndsNothing) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 200, note()));
    ASSERT_TRUE(link_.send(get("b"), 500, note()));
    leave(link_);
    come(link_, "$1\r\n1\r\n");
    link_.tick(300);
    EXPECT_EQ(link_.state(), LinkState::kReady);
    EXPECT_EQ(link_.next_deadline_ms(), 500);
}

TEST_F(LinkTest, AGreetingHasADeadlineToo) {
    link_.open(1'000);
    link_.tick(2'999);
    EXPECT_EQ(link_.state(), LinkState::kGreeting);
    link_.tick(3'000);
    EXPECT_EQ(link_.ended(), LinkEnd::kTimeout);
}

TEST_F(LinkTest, AMasterThatBecameAReplicaIsLeft) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    ASSERT_TRUE(link_.send(get("b"), 100, note()));
    leave(link_);
    come(link_, "-READONLY You can't write against a read only replica.\r\n");
    EXPECT_EQ(link_.ended(), LinkEnd::kNotMaster);
    EXPECT_EQ(answers_,
              (std::vector<std::string>{"READONLY You can't write against a read only replica.", "unknown"}));
}

TEST_F(LinkTest, AReplicaThatPutsTheWordsOfAScriptInFrontIsLeftToo) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    come(link_,
         "-ERR Error running script (call to f_1): @user_script:7: @user_script: 7: -READONLY You can't "
         "write against a read only replica.\r\n");
    EXPECT_EQ(link_.ended(), LinkEnd::kNotMaster);
}

TEST_F(LinkTest, AnErrorOfACommandIsTheCommandsOwn) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    come(link_, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
    EXPECT_EQ(link_.state(), LinkState::kReady);
    EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(LinkTest, MessagesComeBetweenAnswersAndAreNone) {
    make_ready(link_);
    std::vector<std::string> messages;
    link_.on_push = [&](const RespValue& push) { messages.emplace_back(push[push.size() - 1].text()); };
    std::string command;
    write_command(command, "SUBSCRIBE", "news");
    ASSERT_TRUE(link_.send_unanswered(command));
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    leave(link_);
    come(link_,
         ">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n$"
         "1\r\n1\r\n");
    EXPECT_EQ(messages, (std::vector<std::string>{"", "hi"}));
    EXPECT_EQ(answers_, std::vector<std::string>{"1"});
}

TEST_F(LinkTest, AnAnswerThatNobodyAskedForEndsIt) {
    make_ready(link_);
    come(link_, "+OK\r\n");
    EXPECT_EQ(link_.ended(), LinkEnd::kGarbage);
}

TEST_F(LinkTest, HoldsItsLimits) {
    Link link({.max_commands = 2, .max_bytes = 64});
    make_ready(link);
    ASSERT_TRUE(link.send(get("a"), 100, note()));
    EXPECT_FALSE(link.send(get(std::string(64, 'x')), 100, note())) << "bytes";
    ASSERT_TRUE(link.send(get("b"), 100, note()));
    EXPECT_FALSE(link.send(get("c"), 100, note())) << "commands";
    leave(link);
    come(link, "$1\r\n1\r\n");
    EXPECT_TRUE(link.send(get("c"), 100, note()));
    EXPECT_EQ(answers_.size(), 1U) << "a refused command is answered by the refusal alone";
}

TEST_F(LinkTest, MayBeOpenedAgainFromInsideOfItsEnd) {
    make_ready(link_);
    link_.on_change = [this] {
        if (link_.state() == LinkState::kClosed) link_.open(50);
    };
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    leave(link_);
    come(link_, "?\r\n");
    EXPECT_EQ(answers_, std::vector<std::string>{"unknown"});
    EXPECT_EQ(link_.state(), LinkState::kGreeting);
    leave(link_);
    come(link_, std::string(kHello) + std::string(kMaster));
    EXPECT_EQ(link_.state(), LinkState::kReady);
}

TEST_F(LinkTest, KnowsTheServersNumberOfTheConnection) {
    link_.open(0);
    leave(link_);
    come(link_, "%2\r\n+version\r\n+7.0.15\r\n+id\r\n:42\r\n");
    EXPECT_EQ(link_.client_id(), 42);
}

TEST_F(LinkTest, AnErrorWithoutACommandRefusesWhatIsAnsweredOutOfBand) {
    make_ready(link_);
    std::string command;
    write_command(command, "SUBSCRIBE", "others");
    ASSERT_TRUE(link_.send_unanswered(command));
    come(link_, "-NOPERM this user has no permissions to access the channel\r\n");
    EXPECT_EQ(link_.ended(), LinkEnd::kRight);
    EXPECT_EQ(link_.detail().substr(0, 6), "NOPERM");
    make_ready(link_);
    come(link_, "-ERR whatever\r\n");
    EXPECT_EQ(link_.ended(), LinkEnd::kRefused);
}

TEST_F(LinkTest, IsRefusedForWhatTheServerSaysOfItself) {
    for (const auto& [error, end] :
         {std::pair{"LOADING Redis is loading the dataset in memory", LinkEnd::kLoading},
          {"NOAUTH Authentication required.", LinkEnd::kPassword},
          {"ERR whatever", LinkEnd::kRefused}}) {
        make_ready(link_);
        link_.refuse(error);
        EXPECT_EQ(link_.ended(), end) << error;
        EXPECT_EQ(link_.detail(), error);
    }
}

TEST_F(LinkTest, ACommandThatIsForbiddenEndsNoConnection) {
    make_ready(link_);
    ASSERT_TRUE(link_.send(get("a"), 100, note()));
    come(link_, "-NOPERM this user has no permissions to run the 'get' command\r\n");
    EXPECT_EQ(link_.state(), LinkState::kReady);
    EXPECT_EQ(answers_.size(), 1U);
}

TEST(LinkEndName, EachHasAWordOfItsOwn) {
    std::set<std::string_view> names;
    for (std::size_t end = static_cast<std::size_t>(LinkEnd::kNone); end < kLinkEnds; ++end)
        names.insert(name_of(static_cast<LinkEnd>(end)));
    EXPECT_EQ(names.size(), kLinkEnds - 1) << "there is no end of number 0";
    EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace streamhost::redis
