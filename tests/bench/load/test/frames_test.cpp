#include "frames.hpp"

#include <gtest/gtest.h>

#include "connection.hpp"
#include "failure.hpp"

namespace streamhost::load {
namespace {

class Frames : public ::testing::Test {
protected:
    const ServerFrame& read(std::string text) {
        text_ = std::move(text);
        const std::size_t size = text_.size();
        text_.resize(size + Connection::kPadding, ' ');
        return reader_.read(std::string_view(text_).substr(0, size));
    }
    std::string text_;
    FrameReader reader_;
};

TEST_F(Frames, AChunkWithItsMembersInAnyOrder) {
    for (
        const char* text :
        {R"({"type":"chunk","stream":"a.b","seq":7,"check":"00ff","data":{"kind":"text","delta":"x y"}})",
         R"({"data":{"delta":"x y","new":[1,{}],"kind":"text"},"new":{"seq":1},"check":"00ff","seq":7,"stream":"a.b","type":"chunk"})"}) {
        const ServerFrame& frame = read(text);
        EXPECT_EQ(frame.type, FrameType::kChunk);
        EXPECT_EQ(frame.stream, "a.b");
        EXPECT_EQ(frame.seq, 7u);
        EXPECT_EQ(frame.from, 0u);
        EXPECT_EQ(frame.check, "00ff");
        EXPECT_EQ(frame.delta, "x y");
    }
    EXPECT_EQ(read(R"({"type":"chunk","from":3,"seq":7})").from, 3u);
}

TEST_F(Frames, AnswersOfProducers) {
    const ServerFrame& appended =
        read(R"({"type":"appended","id":12,"stream":"s","first":4,"last":5,"check":"aa"})");
    EXPECT_EQ(appended.type, FrameType::kAppended);
    EXPECT_EQ(appended.id, 12u);
    EXPECT_EQ(appended.first, 4u);
    EXPECT_EQ(appended.last, 5u);
    EXPECT_EQ(read(R"({"type":"claimed","id":1,"fence":17 ,"seq":0})").fence, "17");
    EXPECT_EQ(read(R"({"type":"claimed","id":1,"fence":"f-17","seq":0})").fence, "\"f-17\"");
}

TEST_F(Frames, OthersAreKnownByName) {
    EXPECT_EQ(read(R"({"type":"welcome","id":1,"limits":{"streams":100}})").type, FrameType::kWelcome);
    EXPECT_EQ(read(R"({"type":"caught_up","stream":"s","seq":0})").type, FrameType::kCaughtUp);
    EXPECT_EQ(read(R"({"type":"end","seq":9,"check":"a","outcome":"complete"})").outcome, "complete");
    EXPECT_EQ(read(R"({"type":"future","id":"text"})").type, FrameType::kOther);
}

TEST_F(Frames, WhatMeansLossEndsTheRun) {
    for (const char* text :
         {R"({"type":"error","code":"fenced","message":"m"})", R"({"type":"gap","from":1,"to":2})",
          R"({"type":"snapshot","seq":4,"data":[{"kind":"text","delta":"x"}]})", R"({"type":"goaway"})",
          R"({"type":"chunk","seq":"7"})", R"([1])", R"({"type":)", "", "{"})
        EXPECT_THROW((void)read(text), Failure) << text;
}

TEST_F(Frames, WhoGoesOnIsToldOfLossToo) {
    FrameReader reader(FrameReader::Manner::kGoesOn);
    const auto read_on = [&](std::string text) -> const ServerFrame& {
        text_ = std::move(text);
        const std::size_t size = text_.size();
        text_.resize(size + Connection::kPadding, ' ');
        return reader.read(std::string_view(text_).substr(0, size));
    };
    const ServerFrame& error = read_on(
        R"({"type":"error","id":7,"code":"unavailable","message":"m","retryable":true,"retry_after_ms":250})");
    EXPECT_EQ(error.type, FrameType::kError);
    EXPECT_EQ(error.id, 7u);
    EXPECT_EQ(error.code, "unavailable");
    EXPECT_TRUE(error.is_retryable);
    EXPECT_EQ(error.retry_after_ms, 250u);
    const ServerFrame& snapshot = read_on(
        R"({"type":"snapshot","stream":"s","seq":4,"check":"aa","data":[{"kind":"text","delta":"xyz"}]})");
    EXPECT_EQ(snapshot.type, FrameType::kSnapshot);
    EXPECT_EQ(snapshot.seq, 4u);
    EXPECT_EQ(snapshot.delta, "xyz");
    EXPECT_EQ(read_on(R"({"type":"goaway"})").type, FrameType::kGoaway);
    EXPECT_EQ(read_on(R"({"type":"gap","from":1,"to":2})").type, FrameType::kGap);
    EXPECT_THROW((void)read_on(R"({"type":"snapshot","data":[{"delta":"x"},{"delta":"y"}]})"), Failure);
}

TEST_F(Frames, RequestsAreWhatTheContractSays) {
    EXPECT_EQ(subscribe_from_start(2, "a.b"), R"({"type":"subscribe","id":2,"stream":"a.b","from":"start"})");
    EXPECT_EQ(subscribe_after(2, "a", 7, "00ff"),
              R"({"type":"subscribe","id":2,"stream":"a","after":"7.00ff"})");
    EXPECT_EQ(subscribe_after(2, "a", 0, "0000"), R"({"type":"subscribe","id":2,"stream":"a","after":"0"})");
    std::string keyed = begin_append(5, "a", "k");
    add_entry(keyed, "x");
    add_entry(keyed, "y");
    end_append(keyed);
    EXPECT_EQ(
        keyed,
        R"({"type":"append","id":5,"stream":"a","key":"k","entries":[{"kind":"text","delta":"x"},{"kind":"text","delta":"y"}]})");
    EXPECT_EQ(hello("s-1"), R"({"type":"hello","id":1,"session":"s-1","follow":false})");
    EXPECT_EQ(subscribe(2, "a.b"), R"({"type":"subscribe","id":2,"stream":"a.b","from":"tail"})");
    EXPECT_EQ(claim(3, "a.b"), R"({"type":"claim","id":3,"stream":"a.b","lease_ms":600000})");
    EXPECT_EQ(append({.id = 4, .stream = "a", .text = "x"}),
              R"({"type":"append","id":4,"stream":"a","entries":[{"kind":"text","delta":"x"}]})");
    EXPECT_EQ(
        append({.id = 4, .stream = "a", .fence = "9", .seq = 2, .text = "x", .ends = true}),
        R"({"type":"append","id":4,"stream":"a","fence":9,"seq":2,"entries":[{"kind":"text","delta":"x"}],"end":{"outcome":"complete"}})");
}

}  // namespace
}  // namespace streamhost::load
