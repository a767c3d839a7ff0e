#include "delivery/reader.hpp"
#include "delivery/test/reader_fixture.hpp"

namespace streamhost::delivery::test {
namespace {

TEST_F(ReaderTest, APlanIsSentInItsOrder) {
    join(9, "s");
    deliver("s", 0, 20);
    Reader& late = world.open();
    const auto records = story.records(5, 8);
    const auto folded = story.records(0, 5);
    ASSERT_EQ(world
                  .attach(late, 1, "s",
                          Plan({})
                              .answer("subscribed")
                              .snapshot(folded, story.at(5))
                              .records(records)
                              .log(story.at(8), story.at(12))
                              .text("note")
                              .log(story.at(12), story.at(20))
                              .text("caught_up")
                              .join(story.at(20)))
                  .status,
              AttachStatus::kOk);
    deliver("s", 20, 22);
    FrameDecoder received;
    write_all(late, received);
    EXPECT_EQ(summary(received),
              "subscribed s5 c6 c7 c8 c9 c10 c11 c12 note c13 c14 c15 c16 c17 c18 c19 c20 caught_up c21 c22");
    deliver("s", 22, 23);
    write_all(late, received);
    EXPECT_EQ(summary(received), "c23");
}

TEST_F(ReaderTest, NothingIsLostOrDoubledWhateverTheRoundOfTheJoin) {
    for (int pumped = 0; pumped != 8; ++pumped) {
        World other;
        const auto pump_if = [&other, pumped](int step) {
            if ((pumped >> step & 1) != 0) other.pump();
        };
        Reader& first = other.open();
        ASSERT_EQ(other.attach(first, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
        ASSERT_EQ(other.deliver("s", story, 0, 3), DeliverStatus::kOk);
        pump_if(0);
        Reader& second = other.open();
        ASSERT_EQ(
            other.attach(second, 1, "s", Plan(story.at(1)).log(story.at(1), story.at(3)).join(story.at(3)))
                .status,
            AttachStatus::kOk);
        pump_if(1);
        ASSERT_EQ(other.deliver("s", story, 3, 5), DeliverStatus::kOk);
        pump_if(2);
        ASSERT_EQ(other.deliver("s", story, 5, 6), DeliverStatus::kOk);
        other.pump();
        FrameDecoder one;
        FrameDecoder two;
        write_all(first, one);
        write_all(second, two);
        EXPECT_EQ(summary(one), "c1 c2 c3 c4 c5 c6");
        EXPECT_EQ(summary(two), "c2 c3 c4 c5 c6");
    }
}

TEST_F(ReaderTest, PlansWithoutALiveEndReportThatTheyWentOut) {
    const auto page = story.records(0, 3);
    const AttachResult more = world.attach(*reader, 1, "s", Plan({}).records(page).more());
    std::vector<SubscriptionId> completed;
    world.loops[0]->on_completed([&completed](Reader&, SubscriptionId id) { completed.push_back(id); });
    world.pump();
    EXPECT_TRUE(world.events.empty()) << "nothing was sent yet";
    EXPECT_EQ(drain(), "c1 c2 c3");
    world.pump();
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(world.events[0].what, "wants_more");
    EXPECT_EQ(world.events[0].who.at, story.at(3));
    EXPECT_EQ(world.events[0].who.ticket, more.ticket);
    EXPECT_TRUE(completed.empty());

    const auto rest = story.records(3, 5);
    ASSERT_EQ(world.attach(*reader, 1, "s", Plan(story.at(3)).records(rest).end()).status, AttachStatus::kOk);
    world.pump();
    EXPECT_EQ(drain(), "c4 c5");
    world.pump();
    ASSERT_EQ(world.events.size(), 2U);
    EXPECT_EQ(world.events[1].what, "completed");
    EXPECT_EQ(world.events[1].who.at, story.at(5));
    EXPECT_EQ(completed, std::vector<SubscriptionId>{1});
    EXPECT_EQ(world.loops[0]->stats().cursors, 0U);
}

TEST_F(ReaderTest, TheEndOfTheStreamCompletesItsReaders) {
    story = Story().add_many(4).finish();
    join(1, "s");
    deliver("s", 0, 5);
    write_some(*reader, sink, 20);
    world.pump();
    EXPECT_TRUE(world.events.empty()) << "completed only when all went out";
    EXPECT_EQ(drain(), "c1 c2 c3 c4 c5");
    world.pump();
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(world.events[0].what, "completed");
    EXPECT_EQ(world.events[0].who.at, story.at(5));
    EXPECT_EQ(world.loops[0]->stats().cursors, 0U);

    Reader& late = world.open();
    ASSERT_EQ(
        world.attach(late, 1, "s", Plan(story.at(3)).log(story.at(3), story.at(5)).join(story.at(5))).status,
        AttachStatus::kOk);
    world.pump();
    FrameDecoder received;
    write_all(late, received);
    world.pump();
    EXPECT_EQ(summary(received), "c4 c5");
    EXPECT_EQ(world.events.size(), 2U);
}

TEST_F(ReaderTest, ANewPlanReplacesTheUnsentRestOfTheOld) {
    join(9, "s");
    deliver("s", 0, 10);
    Reader& late = world.open();
    FrameDecoder received;
    const auto page = story.records(0, 6);
    ASSERT_EQ(
        world
            .attach(
                late, 1, "s",
                Plan({}).answer("subscribed").records(page).answer("answer").text("text").join(story.at(6)))
            .status,
        AttachStatus::kOk);
    world.pump();
    const std::size_t cut = text_frame("subscribed").size() + 60;
    EXPECT_EQ(write_some(late, received, cut), cut);
    EXPECT_FALSE(received.between_frames());
    const auto folded = story.records(0, 10);
    ASSERT_EQ(world.attach(late, 1, "s", Plan({}).snapshot(folded, story.at(10)).join(story.at(10))).status,
              AttachStatus::kOk);
    deliver("s", 10, 11);
    write_all(late, received);
    EXPECT_EQ(summary(received), "subscribed c1 c2 answer s10 c11")
        << "the frame on the wire is finished, answers are owed, the rest is dropped";
}

TEST_F(ReaderTest, DetachStopsAtAFrameBoundary) {
    join(1, "s");
    join(2, "t");
    deliver("s", 0, 5);
    deliver("t", 0, 1);
    write_some(*reader, sink, 10);
    world.set.detach(reader->ref(), 1);
    world.pump();
    EXPECT_EQ(drain(), "c1 c1");
    deliver("s", 5, 6);
    EXPECT_TRUE(reader->empty());
    EXPECT_EQ(world.loops[0]->stats().cursors, 1U);
}

TEST_F(ReaderTest, AReaderThatIsTooSlowFallsOffAndComesBack) {
    join(1, "s");
    deliver("s", 0, 100);
    write_some(*reader, sink, 30);
    const std::size_t pinned_before = Block::allocated_bytes();
    deliver("s", 100, 3000);
    EXPECT_LE(world.set.stats().log_memory_bytes, 64U * 1024);
    EXPECT_TRUE(world.events.empty()) << "it finishes the block that it is in";
    EXPECT_LE(Block::allocated_bytes(), pinned_before + 64 * 1024) << "and pins no other";
    const std::string first = drain();
    world.pump();
    ASSERT_EQ(world.events.size(), 1U);
    const Position at = world.events[0].who.at;
    EXPECT_EQ(world.events[0].what, "fell_off");
    EXPECT_EQ(world.events[0].stream, "s");
    EXPECT_EQ(world.events[0].reason, FallReason::kTrimmed);
    EXPECT_EQ(at, story.at(at.seq));
    EXPECT_EQ(first.substr(first.rfind(' ') + 1), "c" + std::to_string(at.seq))
        << "the position is what was sent";

    std::string text;
    const RecordView joined = story.joined(at.seq, 2990, text);
    ASSERT_EQ(
        world.attach(*reader, 1, "s", Plan(at).records(std::span(&joined, 1)).join(story.at(2990))).status,
        AttachStatus::kOk);
    world.pump();
    EXPECT_EQ(drain(), "c2990 c2991 c2992 c2993 c2994 c2995 c2996 c2997 c2998 c2999 c3000");
}

TEST_F(ReaderTest, AReaderThatTookNothingFallsOffWithItsStart) {
    const Position start = story.at(7);
    join(1, "s", start);
    deliver("s", 7, 100);
    deliver("s", 100, 3000);
    const std::string sent = drain();
    world.pump();
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(sent.substr(0, 3), "c8 ");
    EXPECT_EQ(world.events[0].who.at, story.at(world.events[0].who.at.seq));
}

TEST_F(ReaderTest, JoinedAndTrimmedInOneRoundFallsOffWithItsPosition) {
    join(9, "s");
    deliver("s", 0, 10);
    Reader& late = world.open();
    ASSERT_EQ(world.deliver("s", story, 10, 500), DeliverStatus::kOk);
    ASSERT_EQ(world.attach(late, 1, "s", Plan(story.at(500)).answer("subscribed").join(story.at(500))).status,
              AttachStatus::kOk);
    ASSERT_EQ(world.deliver("s", story, 500, 3000), DeliverStatus::kOk);
    world.pump();
    FrameDecoder received;
    write_all(late, received);
    world.pump();
    EXPECT_EQ(summary(received), "subscribed");
    ASSERT_EQ(world.events.size(), 1U);
    EXPECT_EQ(world.events[0].what, "fell_off");
    EXPECT_EQ(world.events[0].who.at, story.at(500));
}

TEST_F(ReaderTest, StalledReadersAreNamedOnceAndOnlyWithoutProgress) {
    Reader& moving = world.open();
    Reader& idle = world.open();
    FrameDecoder moving_sink;
    join(1, "s");
    ASSERT_EQ(world.attach(moving, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    ASSERT_EQ(world.attach(idle, 1, "t", Plan({}).join({})).status, AttachStatus::kOk);
    deliver("s", 0, 100);
    LoopDelivery& loop = *world.loops[0];
    world.tick(0);
    write_some(*reader, sink, 10);
    write_some(moving, moving_sink, 10);
    world.tick(29'999);
    write_some(*reader, sink, 0);
    write_some(moving, moving_sink, 1);
    EXPECT_EQ(loop.next_stalled(), nullptr);
    world.tick(30'000);
    EXPECT_EQ(loop.next_stalled(), reader);
    EXPECT_EQ(loop.next_stalled(), nullptr);
    world.tick(59'999);
    EXPECT_EQ(loop.next_stalled(), &moving);
    write_all(moving, moving_sink);
    world.tick(200'000);
    EXPECT_EQ(loop.next_stalled(), nullptr) << "one without bytes is not slow";
}

TEST_F(ReaderTest, EachReaderIsDirtyOnceAndABlockedOneNotAtAll) {
    LoopDelivery& loop = *world.loops[0];
    join(1, "s");
    join(2, "t");
    deliver("s", 0, 1);
    deliver("t", 0, 1);
    ASSERT_EQ(send_text(*reader, "x"), SendStatus::kOk);
    EXPECT_EQ(loop.dirty_count(), 1U);
    EXPECT_EQ(loop.next_dirty(), reader);
    EXPECT_EQ(loop.next_dirty(), nullptr);
    reader->wait_writable();
    deliver("s", 1, 2);
    EXPECT_EQ(loop.next_dirty(), nullptr);
    reader->writable();
    EXPECT_EQ(loop.next_dirty(), reader);
    drain();
    reader->writable();
    EXPECT_EQ(loop.dirty_count(), 0U);
    deliver("s", 2, 3);
    loop.close(*reader);
    EXPECT_EQ(loop.dirty_count(), 0U);
    EXPECT_EQ(loop.next_dirty(), nullptr);
}

TEST_F(ReaderTest, LateCommandsForAClosedReaderDoNothing) {
    join(1, "s");
    world.pump();
    const ReaderRef ref = reader->ref();
    world.loops[0]->close(*reader);
    Reader& next = world.open();
    EXPECT_EQ(next.ref().slot, ref.slot);
    ASSERT_EQ(world.set.attach(ref, 1, "s", world.encoding, Plan({}).join({})).status, AttachStatus::kOk);
    world.set.detach(ref, 1);
    ASSERT_EQ(world.deliver("s", story, 0, 3), DeliverStatus::kOk);
    world.pump();
    EXPECT_TRUE(next.empty());
    EXPECT_EQ(world.loops[0]->stats().cursors, 0U);
    EXPECT_EQ(world.loops[0]->stats().views, 0U) << "the view of the late attach is closed again";
}

}  // namespace
}  // namespace streamhost::delivery::test
