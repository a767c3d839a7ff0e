#include "delivery/log_set.hpp"

#include "delivery/test/harness.hpp"

namespace streamhost::delivery::test {
namespace {

using testing::ElementsAre;

TEST(LogSetTest, NothingIsEncodedForNobody) {
    World world;
    const Story story = Story().add_many(3);
    EXPECT_EQ(world.deliver("s", story, 0, 3), DeliverStatus::kNoReaders);
    EXPECT_EQ(world.encoder.calls, 0);
    EXPECT_FALSE(world.set.range("s", world.encoding));
}

TEST(LogSetTest, OneEncodingAndOneMessagePerLoopServeAllReaders) {
    World world({.loops = 2});
    const Story story = Story().add_many(2);
    std::vector<Reader*> readers;
    for (std::uint32_t i = 0; i != 100; ++i) {
        readers.push_back(&world.open(i % 2));
        ASSERT_EQ(world.attach(*readers.back(), 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    }
    world.pump();
    world.messages = 0;
    EXPECT_EQ(world.deliver("s", story, 0, 2), DeliverStatus::kOk);
    world.pump();
    EXPECT_EQ(world.encoder.calls, 1);
    EXPECT_EQ(world.messages, 2);
    for (auto& loop : world.loops)
        EXPECT_EQ(loop->dirty_count(), 50U);
    for (Reader* reader : readers) {
        FrameDecoder sink;
        write_all(*reader, sink);
        EXPECT_EQ(summary(sink), "c1 c2");
    }
}

TEST(LogSetTest, RefusesRecordsThatDoNotContinue) {
    World world;
    Story story = Story().add_many(5);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    EXPECT_EQ(world.deliver("s", story, 1, 2), DeliverStatus::kNotNext);
    EXPECT_EQ(world.deliver("s", story, 0, 0), DeliverStatus::kNotNext) << "no records";
    EXPECT_EQ(world.deliver("s", story, 0, 3), DeliverStatus::kOk);
    EXPECT_EQ(world.deliver("s", story, 2, 5), DeliverStatus::kNotNext) << "3 is there already";
    const Story other = Story().add("other").add_many(4);
    EXPECT_EQ(world.deliver("s", other, 3, 4), DeliverStatus::kNotNext) << "same seq, other check";
    EXPECT_EQ(world.set.range("s", world.encoding)->last, story.at(3));
    story.finish();
    EXPECT_EQ(world.deliver("s", story, 3, 6), DeliverStatus::kOk);
    EXPECT_EQ(world.deliver("s", story, 6, 6), DeliverStatus::kClosed);
    EXPECT_TRUE(world.set.range("s", world.encoding)->closed);
}

TEST(LogSetTest, FindsEverySeqThatItHolds) {
    World world;
    const Story story = Story().add_many(2000, 40);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan(story.at(100)).join(story.at(100))).status,
              AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 100, 900), DeliverStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 900, 2000), DeliverStatus::kOk);
    const auto range = world.set.range("s", world.encoding);
    EXPECT_EQ(range->first, story.at(100));
    EXPECT_EQ(range->last, story.at(2000));
    for (std::uint64_t seq = 100; seq <= 2000; ++seq)
        EXPECT_EQ(world.set.find("s", world.encoding, seq), story.check(seq));
    EXPECT_FALSE(world.set.find("s", world.encoding, 99));
    EXPECT_FALSE(world.set.find("s", world.encoding, 2001));
}

TEST(LogSetTest, AnswersWhatItHoldsWhenAJoinDoesNotFit) {
    World world;
    const Story story = Story().add_many(50);
    Reader& first = world.open();
    ASSERT_EQ(world.attach(first, 1, "s", Plan(story.at(10)).join(story.at(10))).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 10, 30), DeliverStatus::kOk);
    Reader& second = world.open();
    for (const Position at : {story.at(9), story.at(31), Position{20, story.check(21)}}) {
        const AttachResult result = world.attach(second, 1, "s", Plan(at).join(at));
        EXPECT_EQ(result.status, AttachStatus::kNotInLog);
        ASSERT_TRUE(result.log);
        EXPECT_EQ(result.log->first, story.at(10));
        EXPECT_EQ(result.log->last, story.at(30));
    }
    world.pump();
    EXPECT_EQ(world.loops[0]->stats().cursors, 1U) << "a refused attach leaves nothing behind";
}

TEST(LogSetTest, ASecondEncodingStartsWhereTheStreamIs) {
    World world;
    TestEncoder other_encoder;
    const EncodingId other = world.set.add_encoding(other_encoder, websocket_text);
    const Story story = Story().add_many(10);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 0, 5), DeliverStatus::kOk);
    EXPECT_EQ(world.set.attach(reader.ref(), 2, "s", other, Plan(story.at(3)).join(story.at(3))).status,
              AttachStatus::kNotInLog);
    EXPECT_EQ(world.set.range("s", other)->first, story.at(5));
    ASSERT_EQ(world.set.attach(reader.ref(), 2, "s", other, Plan(story.at(5)).join(story.at(5))).status,
              AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 5, 6), DeliverStatus::kOk);
    world.pump();
    FrameDecoder sink;
    write_all(reader, sink);
    EXPECT_EQ(summary(sink), "c1 c2 c3 c4 c5 c6 c6");
    EXPECT_EQ(other_encoder.calls, 1);
}

TEST(LogSetTest, RefusesPlansThatDoNotChain) {
    World world;
    const Story story = Story().add_many(20);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 0, 10), DeliverStatus::kOk);
    const auto three = story.records(0, 3);
    auto torn = story.records(0, 5);
    torn.erase(torn.begin() + 2);
    const std::vector<Plan> broken{
        Plan(story.at(1)).records(three).end(),
        Plan({}).records(torn).end(),
        Plan({}).records({}).end(),
        Plan({}).records(three).join(story.at(4)),
        Plan({}).records(three).log(story.at(4), story.at(6)).end(),
        Plan({}).log({}, story.at(3)).records(story.records(3, 4)).end(),
        Plan(story.at(5)).log(story.at(5), story.at(3)).end(),
        Plan({}).text("").end(),
    };
    for (std::size_t i = 0; i != broken.size(); ++i)
        EXPECT_EQ(world.attach(reader, 2, "s", broken[i]).status, AttachStatus::kBroken) << i;
    EXPECT_EQ(world.attach(reader, 2, "s", Plan({}).log({}, story.at(11)).end()).status,
              AttachStatus::kNotInLog);
    EXPECT_EQ(world.attach(reader, 2, "new", Plan({}).log({}, story.at(1)).end()).status,
              AttachStatus::kNotInLog);
    EXPECT_EQ(world.set.attach(reader.ref(), 2, "s", 99, Plan({}).end()).status, AttachStatus::kNoEncoding);
    EXPECT_EQ(world.set.attach({7, 0, 1}, 2, "s", world.encoding, Plan({}).end()).status,
              AttachStatus::kNoLoop);
}

TEST(LogSetTest, RangesThatManyAskForAreEncodedOnce) {
    World world;
    const Story story = Story().add_many(200, 50);
    const auto records = story.records(0, 200);
    std::string text;
    const RecordView joined = story.joined(0, 200, text);
    for (int i = 0; i != 1000; ++i)
        ASSERT_EQ(world.attach(world.open(), 1, "s", Plan({}).records(records).join(story.at(200))).status,
                  AttachStatus::kOk);
    EXPECT_EQ(world.encoder.calls, 1);
    EXPECT_EQ(world.set.stats().shared_segments, 999U);
    EXPECT_EQ(world.attach(world.open(), 1, "s", Plan({}).records(std::span(&joined, 1)).end()).status,
              AttachStatus::kOk);
    EXPECT_EQ(world.encoder.calls, 2) << "joined is another range of the same bounds";
    EXPECT_EQ(world.attach(world.open(), 1, "s", Plan({}).snapshot(records, story.at(200)).end()).status,
              AttachStatus::kOk);
    EXPECT_EQ(world.encoder.calls, 3);
    world.tick(1'999);
    EXPECT_GT(world.set.stats().log_memory_bytes, 0U);
    world.tick(2'000);
    EXPECT_EQ(world.set.stats().log_memory_bytes, 0U) << "segments live for two seconds";
}

TEST(LogSetTest, AFailingEncoderCostsItsReadersNotTheStream) {
    for (const bool skips : {false, true}) {
        World world;
        TestEncoder other_encoder;
        const EncodingId other = world.set.add_encoding(other_encoder, websocket_text);
        const Story story = Story().add_many(10);
        Reader& reader = world.open();
        Reader& healthy = world.open();
        ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
        ASSERT_EQ(world.set.attach(healthy.ref(), 1, "s", other, Plan({}).join({})).status,
                  AttachStatus::kOk);
        ASSERT_EQ(world.deliver("s", story, 0, 3), DeliverStatus::kOk);
        world.pump();
        FrameDecoder sink;
        write_all(reader, sink);
        (skips ? world.encoder.skip_at : world.encoder.fail_at) = 6;
        ASSERT_EQ(world.deliver("s", story, 3, 6), DeliverStatus::kOk);
        world.pump();
        write_all(reader, sink);
        EXPECT_EQ(summary(sink), "c1 c2 c3") << "nothing of a failed call is published";
        ASSERT_EQ(world.events.size(), 1U);
        EXPECT_EQ(world.events[0].reason, FallReason::kEncoder);
        EXPECT_EQ(world.events[0].who.at, story.at(3));
        FrameDecoder healthy_sink;
        write_all(healthy, healthy_sink);
        EXPECT_EQ(summary(healthy_sink), "c1 c2 c3 c4 c5 c6");
        EXPECT_EQ(world.set.stats().encoder_faults, 1U);
        EXPECT_EQ(world.set.stats().logs, 1U);
    }
}

TEST(LogSetTest, WhatAFailedCallWroteIsNotCountedAsHeld) {
    World world;
    const Story story = Story().add_many(10, 5'000);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 0, 1), DeliverStatus::kOk);
    world.encoder.fail_at = 10;  // behind several new blocks
    ASSERT_EQ(world.deliver("s", story, 1, 10), DeliverStatus::kOk);
    world.pump();
    EXPECT_EQ(world.set.stats().logs, 0U);
    EXPECT_EQ(world.set.stats().log_memory_bytes, 0U);
}

TEST(LogSetTest, AReplacedEncoderTakesOverAndAGoneOneFails) {
    World world;
    TestEncoder next;
    const Story story = Story().add_many(3);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    world.set.replace_encoder(world.encoding, &next);
    ASSERT_EQ(world.deliver("s", story, 0, 1), DeliverStatus::kOk);
    EXPECT_EQ(world.encoder.calls, 0);
    EXPECT_EQ(next.calls, 1);
    world.set.replace_encoder(world.encoding, nullptr);
    EXPECT_EQ(world.attach(reader, 2, "s", Plan(story.at(1)).join(story.at(1))).status,
              AttachStatus::kNoEncoding);
    ASSERT_EQ(world.deliver("s", story, 1, 2), DeliverStatus::kOk);
    world.pump();
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(world.events[0].what, "fell_off");
}

TEST(LogSetTest, ResetSendsEveryReaderBackToTheFollower) {
    World world({.loops = 2});
    const Story lost = Story().add_many(10);
    const Story truth = Story().add_many(6).add("another seventh").add_many(5);
    Reader& ahead = world.open(0);
    Reader& behind = world.open(1);
    for (Reader* reader : {&ahead, &behind})
        ASSERT_EQ(world.attach(*reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", lost, 0, 8), DeliverStatus::kOk);
    world.pump();
    FrameDecoder ahead_sink;
    write_all(ahead, ahead_sink);
    FrameDecoder behind_sink;
    write_some(behind, behind_sink,
               parse("").data.size() + 30);  // less than a frame: the rest of it still goes out

    world.set.reset("s", truth.at(9));
    world.pump();
    ASSERT_EQ(world.events.size(), 2U);
    const auto records = truth.records(0, 9);
    for (const World::Event& event : world.events) {
        EXPECT_EQ(event.reason, FallReason::kReset);
        Reader& reader = event.who.reader.loop == 0 ? ahead : behind;
        EXPECT_EQ(event.who.at, &reader == &ahead ? lost.at(8) : lost.at(1));
        ASSERT_EQ(
            world.attach(reader, 1, "s", Plan(event.who.at).snapshot(records, truth.at(9)).join(truth.at(9)))
                .status,
            AttachStatus::kOk);
    }
    ASSERT_EQ(world.deliver("s", truth, 9, 10), DeliverStatus::kOk);
    world.pump();
    write_all(ahead, ahead_sink);
    write_all(behind, behind_sink);
    EXPECT_EQ(summary(ahead_sink), "c1 c2 c3 c4 c5 c6 c7 c8 s9 c10");
    EXPECT_EQ(summary(behind_sink), "c1 s9 c10");
    EXPECT_EQ(world.set.stats().logs, 1U) << "the old log went with its last view";
}

TEST(LogSetTest, IdleLogsShrinkOnlyWhenAllReadersStandAtTheEnd) {
    World world({.loops = 2});
    const Story story = Story().add_many(100);
    Reader& quick = world.open(0);
    Reader& slow = world.open(1);
    for (Reader* reader : {&quick, &slow})
        ASSERT_EQ(world.attach(*reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 0, 50), DeliverStatus::kOk);
    world.pump();
    FrameDecoder quick_sink;
    FrameDecoder slow_sink;
    write_all(quick, quick_sink);
    world.tick(4'999);
    world.pump();
    world.tick(5'000);
    world.pump();
    EXPECT_GT(world.set.stats().log_memory_bytes, 0U) << "one reader is not at the end";
    write_all(slow, slow_sink);
    world.pump();
    EXPECT_EQ(world.set.stats().log_memory_bytes, 0U);
    EXPECT_EQ(world.set.stats().shrunk_logs, 1U);
    EXPECT_EQ(world.set.range("s", world.encoding)->first, story.at(50)) << "(seq, check) is kept";

    Reader& late = world.open(0);
    ASSERT_EQ(world.attach(late, 1, "s", Plan(story.at(50)).join(story.at(50))).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 50, 52), DeliverStatus::kOk);
    world.pump();
    FrameDecoder late_sink;
    write_all(late, late_sink);
    write_all(quick, quick_sink);
    write_all(slow, slow_sink);
    EXPECT_EQ(summary(late_sink), "c51 c52");
    EXPECT_EQ(quick_sink.take().size(), 52U);
    EXPECT_EQ(slow_sink.take().size(), 52U);
    EXPECT_TRUE(world.events.empty());
}

TEST(LogSetTest, LogsWithoutReadersOutliveThemByTheGrace) {
    World world;
    const Story story = Story().add_many(20);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    world.pump();
    world.tick(1'000);
    world.loops[0]->close(reader);
    world.pump();
    EXPECT_EQ(world.deliver("s", story, 0, 10), DeliverStatus::kOk) << "a reader may come back";
    world.tick(30'999);
    EXPECT_EQ(world.set.stats().logs, 1U);

    Reader& back = world.open();
    ASSERT_EQ(world.attach(back, 1, "s", Plan(story.at(4)).join(story.at(4))).status, AttachStatus::kOk);
    world.pump();
    world.tick(60'000);
    EXPECT_EQ(world.set.stats().logs, 1U) << "it is read again";
    FrameDecoder sink;
    write_all(back, sink);
    EXPECT_EQ(summary(sink), "c5 c6 c7 c8 c9 c10");

    world.set.detach(back.ref(), 1);
    world.pump();
    world.tick(90'000);
    EXPECT_EQ(world.set.stats().logs, 0U);
    EXPECT_EQ(world.set.stats().log_memory_bytes, 0U);
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(world.events[0].what, "unused");
    EXPECT_EQ(world.events[0].stream, "s");
    EXPECT_EQ(world.deliver("s", story, 10, 11), DeliverStatus::kNoReaders);
    EXPECT_EQ(world.loops[0]->stats().views, 0U);
}

TEST(LogSetTest, TheNodeBudgetTakesTheOldestBlocksOfAnyLog) {
    World world({.memory_bytes = 74 * 1024, .log_bytes = std::size_t{1} << 20U});
    const Story story = Story().add_many(1000, 100);
    Reader& reader = world.open();
    ASSERT_EQ(world.attach(reader, 1, "old", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.attach(reader, 2, "new", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.deliver("old", story, 0, 200), DeliverStatus::kOk);
    ASSERT_EQ(world.deliver("new", story, 0, 100), DeliverStatus::kOk);
    EXPECT_EQ(world.set.range("old", world.encoding)->first.seq, 0U);
    ASSERT_EQ(world.deliver("new", story, 100, 300), DeliverStatus::kOk);
    EXPECT_LE(world.set.stats().log_memory_bytes, 74U * 1024);
    EXPECT_GT(world.set.range("old", world.encoding)->first.seq, 0U);
    EXPECT_EQ(world.set.range("new", world.encoding)->first.seq, 0U);
    ASSERT_EQ(world.deliver("new", story, 300, 1000), DeliverStatus::kOk);
    EXPECT_LE(world.set.stats().log_memory_bytes, 74U * 1024);
    EXPECT_EQ(world.set.range("old", world.encoding)->first, story.at(200)) << "all of it is gone";
    const Position first = world.set.range("new", world.encoding)->first;
    EXPECT_GT(first.seq, 0U);
    EXPECT_EQ(first, story.at(first.seq));
}

}  // namespace
}  // namespace streamhost::delivery::test
