// The bytes that clients read.
#include "frames.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/bytes.hpp"
#include "streamhost/host.hpp"
#include "streamhost/json.hpp"

#include "encoder.hpp"
#include "history_scan.hpp"

namespace gateway {
namespace {

using streamhost::bytes;

struct Writer {
    Writer() {
        table.struct_size = sizeof(table);
        table.self = this;
        table.frame = [](sh_frame_writer* writer, std::uint64_t seq, std::uint64_t check,
                         const sh_bytes* pieces, std::uint32_t count) {
            std::string text;
            for (std::uint32_t index = 0; index < count; ++index)
                text += streamhost::view(pieces[index]);
            static_cast<Writer*>(writer->self)->frames.push_back(std::move(text));
            static_cast<Writer*>(writer->self)->at = {seq, check};
        };
    }
    sh_frame_writer table{};
    std::vector<std::string> frames;
    sh_position at{};
};

sh_record record(std::uint64_t seq, std::uint32_t type, std::string_view data) {
    sh_record made{};
    made.seq = seq;
    made.check = 0xabc0 + seq;
    made.type = type;
    made.data = bytes(data);
    return made;
}

TEST(Encoder, AFramePerRecord) {
    Writer writer;
    sh_record joined = record(4, SH_RECORD_TEXT, "xy");
    joined.joined_from = 3;
    const std::vector<sh_record> records = {record(1, SH_RECORD_TEXT, R"(a\"b)"),
                                            record(2, SH_RECORD_PART, R"({"kind":"part"})"), joined,
                                            record(5, SH_RECORD_END, R"("outcome":"complete")")};
    json_encoder().encode(nullptr, bytes("s.r"), records.data(), 4, &writer.table);
    EXPECT_EQ(
        writer.frames,
        (std::vector<std::string>{
            R"({"type":"chunk","stream":"s.r","seq":1,"check":"000000000000abc1","data":{"kind":"text","delta":"a\"b"}})",
            R"({"type":"chunk","stream":"s.r","seq":2,"check":"000000000000abc2","data":{"kind":"part"}})",
            R"({"type":"chunk","stream":"s.r","from":3,"seq":4,"check":"000000000000abc4","data":{"kind":"text","delta":"xy"}})",
            R"({"type":"end","stream":"s.r","seq":5,"check":"000000000000abc5","outcome":"complete"})"}));
    EXPECT_EQ(writer.at.seq, 5u);
}

TEST(Encoder, ASnapshotIsOneFrame) {
    Writer writer;
    const std::vector<sh_record> records = {record(3, SH_RECORD_TEXT, "abc"),
                                            record(4, SH_RECORD_PART, R"({"kind":"part"})")};
    json_encoder().snapshot(nullptr, bytes("s.r"), records.data(), 2, {4, 0xff}, &writer.table);
    EXPECT_EQ(
        writer.frames.at(0),
        R"({"type":"snapshot","stream":"s.r","seq":4,"check":"00000000000000ff","data":[{"kind":"text","delta":"abc"},{"kind":"part"}]})");
}

TEST(Encoder, NoticesTellHowTheStreamStands) {
    Writer writer;
    sh_notice notice{};
    notice.struct_size = sizeof(notice);
    notice.kind = SH_NOTICE_SUBSCRIBED;
    notice.stream = bytes("s");
    notice.request = bytes("\"q\"");
    notice.first = 1;
    notice.last = 9;
    notice.state = SH_STREAM_OPEN;
    notice.recovered = 1;
    json_encoder().notice(nullptr, &notice, &writer.table);
    notice.request = {};
    notice.recovered = 0;
    notice.state = SH_STREAM_LOST;
    notice.reason = bytes("expired");
    json_encoder().notice(nullptr, &notice, &writer.table);
    notice.kind = SH_NOTICE_CAUGHT_UP;
    json_encoder().notice(nullptr, &notice, &writer.table);
    notice.kind = SH_NOTICE_GAP;
    notice.reason = bytes("trimmed");
    json_encoder().notice(nullptr, &notice, &writer.table);
    notice.kind = 99;
    json_encoder().notice(nullptr, &notice, &writer.table);
    EXPECT_EQ(
        writer.frames,
        (std::vector<std::string>{
            R"({"type":"subscribed","id":"q","stream":"s","first":1,"head":9,"state":"active","recovered":true})",
            R"({"type":"subscribed","stream":"s","first":1,"head":9,"state":"ended","recovered":false,"reason":"expired"})",
            R"({"type":"caught_up","stream":"s","seq":9})",
            R"({"type":"gap","stream":"s","from":1,"to":9,"check":"0000000000000000","reason":"trimmed"})"}));
}

TEST(Frames, Answers) {
    EXPECT_EQ(
        welcome_frame(
            "1", {.session = "s", .user = "u\"", .node = "n", .affinity = "s", .server = "streamhost/0.1.0"},
            Limits{}),
        R"({"type":"welcome","id":1,"session":"s","user":"u\"","node":"n","affinity":"s","heartbeat_ms":25000,)"
        R"("limits":{"message_bytes":1048576,"streams":100,"entries":256,"entry_bytes":262144,"sends_per_minute":0},)"
        R"("server":{"name":"streamhost","version":"0.1.0"}})");
    EXPECT_EQ(
        accepted_frame("2", "s", R"( {"message":"m","run":"s.r","stream":"s.r"} )", true),
        R"({"type":"accepted","id":2,"session":"s","duplicate":true,"message":"m","run":"s.r","stream":"s.r"})");
    EXPECT_EQ(accepted_frame("2", "s", "", false), R"({"type":"accepted","id":2,"session":"s"})");
    EXPECT_EQ(appended_frame("\"x\"", "s.r", 1, 2, 0xff),
              R"({"type":"appended","id":"x","stream":"s.r","first":1,"last":2,"check":"00000000000000ff"})");
    EXPECT_EQ(claimed_frame("3", "s.r", 7, 0, 0),
              R"({"type":"claimed","id":3,"stream":"s.r","fence":7,"seq":0,"check":"0000000000000000"})");
    EXPECT_EQ(ok_frame("4"), R"({"type":"ok","id":4})");
    EXPECT_EQ(pong_frame("", ""), R"({"type":"pong"})");
    EXPECT_EQ(pong_frame("5", "1.5"), R"({"type":"pong","id":5,"ts":1.5})");
    EXPECT_EQ(goaway_frame(250), R"({"type":"goaway","reason":"drain","reconnect_after_ms":250})");
    EXPECT_EQ(history_frame("6", R"({"id":"m"})", "m"),
              R"({"type":"history","id":6,"messages":[{"id":"m"}],"next":"m"})");
}

TEST(Frames, ErrorsSayWhoCanAct) {
    sh_result result = streamhost::Host::make_result(SH_GAP);
    result.first = 12;
    EXPECT_EQ(
        error_frame("1", error_of(result, "x")),
        R"({"type":"error","id":1,"code":"sequence_gap","message":"`seq` is not the next number; `expected` is","retryable":false,"expected":12})");
    result = streamhost::Host::make_result(SH_HELD);
    result.wait_ms = 700;
    EXPECT_EQ(
        error_frame("1", error_of(result, "x")),
        R"({"type":"error","id":1,"code":"held","message":"another producer's lease lives","retryable":true,"retry_after_ms":700})");
    EXPECT_EQ(
        error_frame("", error_of(streamhost::Host::make_result(SH_UNAVAILABLE), "chat"), "s.r"),
        R"({"type":"error","stream":"s.r","code":"unavailable","message":"chat is not available on this node now","retryable":true,"retry_after_ms":1000})");
    // What an inner fault says is not for clients.
    result = streamhost::Host::make_result(SH_INTERNAL);
    streamhost::copy_text(result.detail, "secret path");
    const Error error = error_of(result, "x");
    EXPECT_EQ(error.code, "internal");
    EXPECT_EQ(error.message.find("secret"), std::string::npos);
    EXPECT_TRUE(error.retryable);
}

class HistoryTest : public ::testing::Test {
protected:
    // A session of `count` messages with two run states after each.
    void fill(std::uint64_t count) {
        for (std::uint64_t index = 1; index <= count; ++index) {
            texts.push_back(R"({"kind":"message","id":"m)" + std::to_string(index) + R"(","role":"user"})");
            texts.push_back(R"({"kind":"run","run":"s.r","state":"pending"})");
            texts.push_back(R"({"kind":"run","run":"s.r","state":"ended"})");
        }
    }
    // Reads as a store would, `page` entries at a time at most.
    int run(HistoryScan& scan, std::uint64_t first, std::size_t page) {
        int reads = 0;
        scan.set_bounds(first, texts.size());
        while (const auto range = scan.next()) {
            ++reads;
            std::vector<sh_record> records;
            for (std::uint64_t seq = std::max(range->from, first);
                 seq <= texts.size() && records.size() < std::min<std::size_t>(page, range->max_entries);
                 ++seq)
                records.push_back(
                    record(seq, seq % 3 == 1 ? SH_RECORD_MESSAGE : SH_RECORD_RUN, texts[seq - 1]));
            scan.take(records);
        }
        return reads;
    }
    std::vector<std::string> texts;
};

TEST_F(HistoryTest, TheNewestComeLast) {
    fill(3);
    HistoryScan scan("", 2);
    EXPECT_EQ(run(scan, 1, 1'000), 1);
    EXPECT_EQ(scan.messages(), R"({"id":"m2","role":"user"},{"id":"m3","role":"user"})");
    EXPECT_EQ(scan.next_before(), "m2");
    HistoryScan rest(scan.next_before(), 2);
    run(rest, 1, 1'000);
    EXPECT_EQ(rest.messages(), R"({"id":"m1","role":"user"})");
    EXPECT_TRUE(rest.next_before().empty());
}

TEST_F(HistoryTest, PagesOfALongSessionMakeAllOfIt) {
    fill(1'500);
    std::string before;
    std::vector<std::string> pages;
    do {
        HistoryScan scan(before, 200);
        EXPECT_LE(run(scan, 1, 100), 60);
        ASSERT_TRUE(scan.has_found());
        pages.insert(pages.begin(), scan.messages());
        before = scan.next_before();
    } while (!before.empty());
    std::string all;
    for (const std::string& page : pages)
        all += (all.empty() ? "" : ",") + page;
    std::string want;
    for (int index = 1; index <= 1'500; ++index)
        want +=
            (want.empty() ? R"({"id":"m)" : R"(,{"id":"m)") + std::to_string(index) + R"(","role":"user"})";
    EXPECT_EQ(all, want);
    EXPECT_EQ(pages.size(), 8u);
}

TEST_F(HistoryTest, HoldsOneAnswerHoweverLargeTheMessages) {
    const std::string large(100u << 10, 'x');
    for (int index = 1; index <= 9; ++index)
        texts.push_back(R"({"kind":"message","id":"m)" + std::to_string(index) + R"(","content":")" + large +
                        "\"}");
    std::string before;
    std::string order;
    do {
        HistoryScan scan(before, 200);
        scan.set_bounds(1, texts.size());
        while (const auto range = scan.next()) {
            EXPECT_EQ(range->max_bytes, HistoryScan::kPageBytes);
            const std::uint64_t last = std::min<std::uint64_t>(range->from + 1, texts.size());
            std::vector<sh_record> page;
            for (std::uint64_t seq = range->from; seq <= last; ++seq)
                page.push_back(record(seq, SH_RECORD_MESSAGE, texts[seq - 1]));
            scan.take(page);
        }
        ASSERT_TRUE(scan.has_found());
        EXPECT_LE(scan.messages().size(), HistoryScan::kMaxBytes);
        order.insert(0, std::string(streamhost::own_member(scan.messages(), "id")));
        before = scan.next_before();
    } while (!before.empty());
    EXPECT_EQ(order, "m1m2m3m4m5m6m7m8m9");
}

TEST_F(HistoryTest, ReadsBackSoFarAndNoFurther) {
    fill(20'000);  // 60,000 entries
    HistoryScan scan("m1", 50);
    const int reads = run(scan, 1, 1'000);
    EXPECT_FALSE(scan.has_found());
    EXPECT_EQ(reads, static_cast<int>(HistoryScan::kMaxEntries / HistoryScan::kWindow) + 1);
    // A stream without a message in it, as one that was claimed by somebody else has.
    texts.assign(60'000, R"({"kind":"run","run":"s.r","state":"ended"})");
    HistoryScan none("", 50);
    none.set_bounds(1, texts.size());
    std::uint64_t entries = 0;
    while (const auto range = none.next()) {
        const sh_record last = record(range->from + range->max_entries - 1, SH_RECORD_RUN, texts[0]);
        std::vector<sh_record> page(range->max_entries, last);
        entries += page.size();
        none.take(page);
    }
    EXPECT_LT(entries, HistoryScan::kMaxEntries + HistoryScan::kWindow);
    EXPECT_EQ(none.messages(), "");
    EXPECT_TRUE(none.next_before().empty());
}

TEST_F(HistoryTest, WhatIsTrimmedOrUnknownIsSaid) {
    fill(10);
    HistoryScan trimmed("m2", 5);
    run(trimmed, 10, 1'000);
    EXPECT_FALSE(trimmed.has_found());
    HistoryScan empty("", 5);
    empty.set_bounds(0, 0);
    EXPECT_FALSE(empty.next().has_value());
    EXPECT_TRUE(empty.has_found());
    EXPECT_EQ(empty.messages(), "");
    HistoryScan vanished("", 5);
    vanished.set_bounds(1, 30);
    while (vanished.next())
        vanished.take({});
    EXPECT_EQ(vanished.messages(), "");
}

}  // namespace
}  // namespace gateway
