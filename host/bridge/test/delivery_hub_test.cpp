#include "bridge/delivery_hub.hpp"

#include <gtest/gtest.h>

#include "bridge/test/fixture.hpp"

namespace streamhost::bridge {
namespace {

using delivery::Position;

constexpr sh_connection kReader = 7;
constexpr std::string_view kStream = "s";

sh_encoder plain_encoder() {
    sh_encoder encoder{};
    encoder.struct_size = sizeof(encoder);
    encoder.encode = [](void*, sh_bytes, const sh_record* records, std::uint32_t count,
                        sh_frame_writer* writer) {
        for (std::uint32_t index = 0; index < count; ++index)
            writer->frame(writer, records[index].seq, records[index].check, &records[index].data, 1);
    };
    return encoder;
}

/// The record that takes a reader from `before` to the next seq; check is ten times that.
sh_record record_after(Position before, std::uint32_t type = SH_RECORD_TEXT) {
    sh_record record{};
    record.seq = before.seq + 1;
    record.prev = before.check;
    record.check = record.seq * 10;
    record.type = type;
    record.data = bytes("x");
    return record;
}

class DeliveryHubTest : public testing::Test {
protected:
    DeliveryHubTest() {
        EXPECT_EQ(hub_.add_encoding(*plugin_, plain_encoder(), &encoding_), SH_OK);
        plugin_->handles().open();
        hub_.reader_opened(kReader, {.loop = 0, .slot = 1, .generation = 1});
        fixture_.settle();
    }
    /// A reader that is live from `at`.
    sh_status join(Position at) {
        sh_plan_step step{};
        step.struct_size = sizeof(step);
        step.kind = SH_PLAN_JOIN;
        step.position = {at.seq, at.check};
        return hub_.attach(*plugin_, kReader, kStream, encoding_, at, {&step, 1});
    }
    sh_status deliver(const sh_record& record) { return deliver(*plugin_, record); }
    sh_status deliver(const control::Instance& by, const sh_record& record) {
        return hub_.deliver(by, kStream, {&record, 1});
    }
    Position follower() const {
        const sh_log_range range = hub_.range(kStream, encoding_);
        return {range.end.seq, range.end.check};
    }

    test::Fixture fixture_;
    test::Script script_;
    std::shared_ptr<control::Instance> plugin_ = fixture_.make(script_, "follower");
    DeliveryHub hub_{fixture_.house, {}};
    sh_handle encoding_ = 0;
    const runtime::RoleScope role_{runtime::Role::store};
};

TEST_F(DeliveryHubTest, TheFollowerGoesOnWithWhatTheLogsTook) {
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK);
    ASSERT_EQ(join({}), SH_OK);
    EXPECT_EQ(deliver(record_after({})), SH_OK);
    EXPECT_EQ(follower(), (Position{1, 10}));
    EXPECT_EQ(deliver(record_after({3, 30})), SH_GAP);
    EXPECT_EQ(follower(), (Position{1, 10}));
}

TEST_F(DeliveryHubTest, WhatTheLogsRefuseDoesNotMoveTheFollower) {
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK);
    ASSERT_EQ(join({}), SH_OK);
    ASSERT_EQ(deliver(record_after({}, SH_RECORD_END)), SH_OK);
    EXPECT_EQ(deliver(record_after({1, 10})), SH_ENDED);
    EXPECT_EQ(follower(), (Position{1, 10}));
    EXPECT_EQ(deliver(record_after({1, 10})), SH_ENDED) << "the same answer to the same record";
}

TEST_F(DeliveryHubTest, AStreamThatIsFollowedAnewBeginsWhereItsFollowerSays) {
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK);
    ASSERT_EQ(join({}), SH_OK);
    hub_.close_log(*plugin_, kStream);  // the reader's loop has not let the log go yet
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {5, 50}), SH_OK);
    EXPECT_EQ(deliver(record_after({5, 50})), SH_OK);
    EXPECT_EQ(follower(), (Position{6, 60}));
    EXPECT_EQ(join({6, 60}), SH_OK);
}

TEST_F(DeliveryHubTest, WhoOpenedALogLastFeedsIt) {
    const auto next = fixture_.make(script_, "follower");
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK);
    ASSERT_EQ(join({}), SH_OK);
    ASSERT_EQ(hub_.open_log(*next, kStream, {}), SH_OK);
    EXPECT_EQ(deliver(record_after({})), SH_GONE);
    EXPECT_EQ(deliver(*next, record_after({})), SH_OK);
    hub_.reset_log(*plugin_, kStream, {5, 50});
    hub_.close_log(*plugin_, kStream);
    EXPECT_EQ(follower(), (Position{1, 10})) << "the one that goes has no say";
    EXPECT_EQ(deliver(*next, record_after({1, 10})), SH_OK);
}

TEST_F(DeliveryHubTest, AFollowerThatEndsLeavesNoLogOpen) {
    const auto failing = fixture_.make(script_, "follower");
    failing->handles().open();
    ASSERT_EQ(hub_.open_log(*failing, kStream, {}), SH_OK);
    ASSERT_EQ(join({}), SH_OK);
    EXPECT_EQ(failing->handles().close(), "1 followed streams");
    fixture_.settle();
    EXPECT_EQ(deliver(*failing, record_after({})), SH_GONE);
    EXPECT_EQ(join({}), SH_NOT_FOUND) << "nobody follows it";
    EXPECT_EQ(hub_.open_log(*failing, "another", {}), SH_GONE);
    EXPECT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK) << "the next one may";
    EXPECT_EQ(join({}), SH_OK);
}

TEST_F(DeliveryHubTest, AJoinNeedsAFollower) {
    EXPECT_EQ(join({}), SH_NOT_FOUND);
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {2, 20}), SH_OK);
    EXPECT_EQ(join({}), SH_GAP);
    EXPECT_EQ(join({2, 20}), SH_OK);
}

// Its connections are being closed then. To say "not now" would have every plan tried again until they are.
TEST_F(DeliveryHubTest, AReaderIsGoneWithTheEncodingThatItReads) {
    const auto gateway = fixture_.make(script_, "gateway");
    sh_handle theirs = 0;
    ASSERT_EQ(hub_.add_encoding(*gateway, plain_encoder(), &theirs), SH_OK);
    gateway->handles().open();
    fixture_.settle();
    ASSERT_EQ(hub_.open_log(*plugin_, kStream, {}), SH_OK);
    sh_plan_step step{};
    step.struct_size = sizeof(step);
    step.kind = SH_PLAN_JOIN;
    ASSERT_EQ(hub_.attach(*plugin_, kReader, kStream, theirs, {}, {&step, 1}), SH_OK);
    static_cast<void>(gateway->handles().close());
    fixture_.settle();
    EXPECT_EQ(hub_.attach(*plugin_, kReader, kStream, theirs, {}, {&step, 1}), SH_GONE);
}

TEST_F(DeliveryHubTest, APluginWhoseListenerCannotBeKeptIsToldSo) {
    sh_delivery_events events{};
    events.struct_size = sizeof(events);
    EXPECT_EQ(hub_.set_events(*plugin_, events), SH_OK);
    static_cast<void>(plugin_->handles().close());
    EXPECT_EQ(hub_.set_events(*plugin_, events), SH_GONE);
}

}  // namespace
}  // namespace streamhost::bridge
