#include "join.hpp"

#include <gtest/gtest.h>

namespace recovery {
namespace {

using streamhost::bytes;
using streamhost::view;

sh_record text(std::uint64_t seq, std::string_view data, char type = 't') {
    return {.seq = seq,
            .prev = (seq - 1) * 10,
            .check = seq * 10,
            .type = static_cast<std::uint32_t>(type),
            .data = bytes(data)};
}

TEST(JoinText, AdjacentTextIsOneRecordOverItsRange) {
    const sh_record records[] = {text(3, "a"), text(4, "b"), text(5, "c")};
    const Joined joined = join_text(records, 100);
    ASSERT_EQ(joined.records.size(), 1u);
    EXPECT_EQ(joined.records[0].joined_from, 3u);
    EXPECT_EQ(joined.records[0].seq, 5u);
    EXPECT_EQ(joined.records[0].prev, 20u);
    EXPECT_EQ(joined.records[0].check, 50u);
    EXPECT_EQ(view(joined.records[0].data), "abc");
}

TEST(JoinText, OtherRecordsStayApart) {
    const sh_record records[] = {text(1, "a"), text(2, "{}", 'p'), text(3, "b"), text(4, "x", 'e')};
    const Joined joined = join_text(records, 100);
    ASSERT_EQ(joined.records.size(), 4u);
    for (const sh_record& record : joined.records)
        EXPECT_EQ(record.joined_from, 0u);
}

TEST(JoinText, TheBoundIsKeptAndNothingIsLost) {
    const sh_record records[] = {text(1, "aaaa"), text(2, "bbbb"), text(3, "cc"),
                                 text(4, std::string_view("dddddddddddd"))};
    const Joined joined = join_text(records, 8);
    ASSERT_EQ(joined.records.size(), 3u);
    EXPECT_EQ(view(joined.records[0].data), "aaaabbbb");
    EXPECT_EQ(view(joined.records[1].data), "cc");
    EXPECT_EQ(view(joined.records[2].data), "dddddddddddd") << "one entry is never cut";
}

TEST(JoinText, NothingJoinsToNothing) { EXPECT_TRUE(join_text({}, 8).records.empty()); }

}  // namespace
}  // namespace recovery
