// A session as GET tells it, from what the services answered.
#include "session_summary.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/fold.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace gateway {
namespace {

using streamhost::bytes;
using streamhost::testing::FakeHost;

sh_result stands_at(std::uint32_t state, std::uint64_t last) {
    sh_result result = streamhost::Host::make_result(SH_OK);
    result.first = last == 0 ? 0 : 1;
    result.last = last;
    result.check = last == 0 ? 0 : 0xab;
    result.state = state;
    return result;
}

TEST(SessionSummary, IsNothingUntilSomebodyWroteOrIsThere) {
    SessionSummary summary("s");
    summary.take(stands_at(SH_STREAM_UNKNOWN, 0));
    EXPECT_FALSE(summary.is_known());
    EXPECT_EQ(summary.json(), R"({"session":"s","first":0,"head":0,"position":"0","runs":[]})");
    summary.connected(2);
    EXPECT_TRUE(summary.is_known());
}

std::vector<sh_record> run_records(const std::vector<std::string>& data) {
    std::vector<sh_record> records;
    for (const std::string& one : data) {
        sh_record record{};
        record.seq = records.size() + 1;
        record.type = SH_RECORD_RUN;
        record.data = bytes(one);
        records.push_back(record);
    }
    return records;
}

// Of a session of these entries, folded.
SessionSummary summary_of(const std::vector<std::string>& data) {
    FakeHost host;
    const streamhost::Host side(host.raw());
    streamhost::Fold fold;
    fold.add(run_records(data));
    const auto records = fold.records();
    const streamhost::Batch batch =
        side.make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
    sh_result folded = stands_at(SH_STREAM_OPEN, data.size());
    folded.batch = batch.get();
    SessionSummary summary("s");
    summary.take(folded);
    return summary;
}

TEST(SessionSummary, TellsWhatTheRunsThemselvesSay) {
    SessionSummary summary = summary_of({R"({"kind":"run","run":"s.a","state":"pending"})",
                                         R"({"kind":"run","run":"s.b","state":"ended","outcome":"lost"})",
                                         R"({"kind":"run","run":"s.a","state":"pending"})"});
    ASSERT_EQ(summary.runs(), 2u);
    EXPECT_EQ(summary.run(0) + summary.run(1), "s.bs.a");
    summary.stands(0, stands_at(SH_STREAM_UNKNOWN, 0));
    summary.stands(1, stands_at(SH_STREAM_OPEN, 7));
    summary.connected(1);
    EXPECT_EQ(summary.json(),
              R"({"session":"s","first":1,"head":3,"position":"3.00000000000000ab","runs":[)"
              R"({"run":"s.b","state":"ended","outcome":"lost"},)"
              R"({"run":"s.a","state":"active","position":"7.00000000000000ab"}],"connections":1})");
}

TEST(SessionSummary, TellsHowARunEndedBeforeItsSessionDoes) {
    SessionSummary summary = summary_of({R"({"kind":"run","run":"s.a","state":"active"})"});
    summary.stands(0, stands_at(SH_STREAM_CANCELLED, 7));
    EXPECT_EQ(summary.json(),
              R"({"session":"s","first":1,"head":1,"position":"1.00000000000000ab","runs":[)"
              R"({"run":"s.a","state":"ended","outcome":"cancelled","position":"7.00000000000000ab"}]})");
}

TEST(SessionSummary, HasTheNewestRunsOfManyOnly) {
    std::vector<std::string> data;
    for (std::size_t run = 0; run < SessionSummary::kMaxRuns + 5; ++run)
        data.push_back(R"({"kind":"run","run":"s.)" + std::to_string(run) + R"(","state":"pending"})");
    const SessionSummary summary = summary_of(data);
    ASSERT_EQ(summary.runs(), SessionSummary::kMaxRuns);
    EXPECT_EQ(summary.run(0), "s.5");
}

}  // namespace
}  // namespace gateway
