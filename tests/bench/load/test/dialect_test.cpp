#include "dialect.hpp"

#include <gtest/gtest.h>

#include "failure.hpp"

namespace streamhost::load {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> texts_of(Dialect& dialect, std::string_view message) {
    Heard heard;
    dialect.hear(message, heard);
    return {heard.texts.begin(), heard.texts.end()};
}

TEST(Dialect, PlainNamesTheChannelInThePathOrInFront) {
    Contents contents(8, 40, false);
    Target target;
    make_dialect("plain", {.role = Role::kReader, .channel = 7}, contents)->aim(target);
    EXPECT_EQ(target.path, "/sub/7");
    EXPECT_EQ(make_dialect("plain", {.role = Role::kPublisher}, contents)->publish(7, "text"), "7 text");
    EXPECT_EQ(make_dialect("plain", {.role = Role::kEcho}, contents)->publish(7, "text"), "text");
}

TEST(Dialect, NchanRefusesAPublisherOfSeveralChannels) {
    Contents contents(8, 40, false);
    EXPECT_THROW((void)make_dialect("nchan", {.role = Role::kPublisher, .publishers = 4}, contents), Failure);
    EXPECT_NO_THROW((void)make_dialect("nchan", {.role = Role::kPublisher, .publishers = 8}, contents));
}

TEST(Dialect, NatsReadsAcrossFrames) {
    const auto nats = make_nats({.role = Role::kReader, .channel = 3});
    EXPECT_TRUE(nats->opening().find("SUB channel.3 1\r\n") != std::string::npos);
    const std::string text = "INFO {}\r\nMSG channel.3 1 5\r\nhello\r\nMSG channel.3 1 2\r\nhi\r\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::vector<std::string> all = texts_of(*nats, std::string_view(text).substr(0, cut));
        for (const std::string& more : texts_of(*nats, std::string_view(text).substr(cut)))
            all.push_back(more);
        EXPECT_EQ(all, (std::vector<std::string>{"hello", "hi"})) << cut;
    }
}

TEST(Dialect, NatsAnswersPingsAndIsReadyAtItsPong) {
    const auto nats = make_nats({.role = Role::kReader});
    Heard heard;
    nats->hear("PING\r\nPONG\r\n", heard);
    EXPECT_EQ(heard.answer, "PONG\r\n");
    EXPECT_TRUE(heard.is_ready);
    EXPECT_THROW(nats->hear("-ERR 'no'\r\n", heard), Failure);
}

TEST(Dialect, MqttSubscribesOnceItIsLetIn) {
    const auto mqtt = make_mqtt({.role = Role::kReader, .number = 1, .channel = 5});
    EXPECT_EQ(mqtt->opening(), "\x10\x12\0\4MQTT\4\2\0\0\0\6load-1"s);
    Heard heard;
    mqtt->hear("\x20\2\0\0"s, heard);
    EXPECT_EQ(heard.answer, "\x82\x0e\0\1\0\tchannel/5\0"s);
    EXPECT_FALSE(heard.is_ready);
    heard.clear();
    mqtt->hear("\x90\3\0\1\0"s, heard);
    EXPECT_TRUE(heard.is_ready);
    EXPECT_THROW(mqtt->hear("\x20\2\0\5"s, heard), Failure);
}

TEST(Dialect, MqttReadsWhatItPublishesAcrossFrames) {
    const auto mqtt = make_mqtt({.role = Role::kEcho, .channel = 5});
    const std::string text(200, 'x');
    const std::string bytes = mqtt->publish(5, text) + mqtt->publish(5, "y");
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        std::vector<std::string> all = texts_of(*mqtt, std::string_view(bytes).substr(0, cut));
        for (const std::string& more : texts_of(*mqtt, std::string_view(bytes).substr(cut)))
            all.push_back(more);
        EXPECT_EQ(all, (std::vector<std::string>{text, "y"})) << cut;
    }
}

TEST(Dialect, SocketIoIsReadyWhenItsRoomIsJoined) {
    const auto socketio = make_socketio({.role = Role::kReader, .channel = 5});
    Heard heard;
    socketio->hear(R"(0{"sid":"a"})", heard);
    EXPECT_TRUE(heard.answer.empty());
    socketio->hear(R"(40{"sid":"a"})", heard);
    EXPECT_EQ(heard.answer, R"(420["sub",5])");
    EXPECT_FALSE(heard.is_ready);
    socketio->hear("430[]", heard);
    EXPECT_TRUE(heard.is_ready);
    EXPECT_EQ(texts_of(*socketio, R"(42["text","hello"])"), std::vector<std::string>{"hello"});
    EXPECT_THROW(socketio->hear("44{}", heard), Failure);
}

class StreamhostReader : public testing::Test {
protected:
    StreamhostReader() : reader_(make_streamhost({.role = Role::kReader, .number = 4}, contents_)) {
        (void)reader_->opening();
        say(R"({"type":"welcome","id":1})");
        say(R"({"type":"caught_up","stream":"load-4"})");
    }

    void say(const std::string& text) {
        heard_.clear();
        padded_ = text + std::string(Connection::kPadding, ' ');
        reader_->hear(std::string_view(padded_).substr(0, text.size()), heard_);
    }
    std::string chunk(std::uint64_t from, std::uint64_t seq) {
        std::string delta;
        for (std::uint64_t number = from; number <= seq; ++number)
            delta += contents_.model(0).text(number);
        return R"({"type":"chunk","stream":"load-stream-0.shared","from":)" + std::to_string(from) +
               R"(,"seq":)" + std::to_string(seq) + R"(,"check":")" +
               std::string(contents_.model(0).check(seq)) + R"(","data":{"kind":"text","delta":")" + delta +
               R"("}})";
    }

    Contents contents_{1, 40, false};
    std::unique_ptr<Dialect> reader_;
    Heard heard_;
    std::string padded_;
};

TEST_F(StreamhostReader, SubscribesThenIsReady) {
    EXPECT_NE(heard_.answer.find(R"("from":"tail")"), std::string::npos);
    say(R"({"type":"caught_up","stream":"load-stream-0.shared"})");
    EXPECT_TRUE(heard_.is_ready);
}

TEST_F(StreamhostReader, TakesJoinedEntriesOnceAndInOrder) {
    say(chunk(1, 1));
    say(chunk(2, 4));
    ASSERT_EQ(heard_.texts.size(), 3U);
    EXPECT_EQ(heard_.texts[2], contents_.text(0, 4));
    EXPECT_THROW(say(chunk(4, 4)), Failure);
    EXPECT_THROW(say(chunk(6, 6)), Failure);
}

TEST_F(StreamhostReader, AnotherReaderTakesTheSameFramesWithoutReadingThemAgain) {
    say(chunk(1, 3));
    reader_ = make_streamhost({.role = Role::kReader, .number = 4}, contents_);
    (void)reader_->opening();
    say(R"({"type":"welcome","id":1})");
    say(R"({"type":"caught_up","stream":"load-4"})");
    say(chunk(1, 3));
    ASSERT_EQ(heard_.texts.size(), 3U);
    EXPECT_EQ(heard_.texts[1], contents_.text(0, 2));
}

TEST_F(StreamhostReader, ComesBackToWhereItStood) {
    say(R"({"type":"caught_up","stream":"load-stream-0.shared"})");
    say(chunk(1, 2));
    (void)reader_->opening();
    say(R"({"type":"welcome","id":1})");
    say(R"({"type":"caught_up","stream":"load-4"})");
    const std::string position = R"("after":"2.)" + std::string(contents_.model(0).check(2));
    EXPECT_NE(heard_.answer.find(position), std::string::npos);
}

TEST_F(StreamhostReader, SeesAnotherCheck) {
    std::string wrong = chunk(1, 1);
    wrong.replace(wrong.find(R"("check":")") + 9, 4, "zzzz");
    EXPECT_THROW(say(wrong), Failure);
}

}  // namespace
}  // namespace streamhost::load
