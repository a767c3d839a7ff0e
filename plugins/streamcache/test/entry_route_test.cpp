#include "entry_route.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "streamhost/json.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace streamcache {
namespace {

using streamhost::Failure;
using streamhost::Host;
using streamhost::own_member;

TEST(EntryPath, HasAStreamAndANumber) {
    const auto question = entry_of_path("/admin/v1/entries/trip.r/12");
    ASSERT_TRUE(question);
    EXPECT_EQ(question->stream, "trip.r");
    EXPECT_EQ(question->seq, 12u);
    for (const char* path :
         {"/admin/v1/entries/", "/admin/v1/entries/trip.r", "/admin/v1/entries/trip.r/",
          "/admin/v1/entries/trip.r/0", "/admin/v1/entries/trip.r/-1", "/admin/v1/entries/trip.r/1x",
          "/admin/v1/entries//1", "/admin/v1/entries/a%20b/1", "/admin/v1/entries/trip.r/1/2", "/elsewhere"})
        EXPECT_FALSE(entry_of_path(path)) << path;
}

TEST(ClaimBook, FindsTheLastClaimOfAFenceAndForgetsTheOldest) {
    ClaimBook book;
    book.given("a.1", 7, {.at_ms = 100, .is_local = true});
    EXPECT_EQ(book.find("a.1", 7)->at_ms, 100);
    EXPECT_FALSE(book.find("a.1", 8));
    EXPECT_FALSE(book.find("a.2", 7));
    for (std::size_t count = 0; count < ClaimBook::kRemembered; ++count)
        book.given("b.1", count, {});
    EXPECT_FALSE(book.find("a.1", 7));
    EXPECT_TRUE(book.find("b.1", 0));
}

class EntryAnswer : public ::testing::Test {
protected:
    std::string ask(std::uint64_t fence, sh_status status = SH_OK, std::uint64_t seq = 3) {
        sh_record record{};
        record.seq = 3;
        record.fence = fence;
        record.ts_ms = 1'700'000'000'123;
        record.type = SH_RECORD_TEXT;
        record.data = streamhost::bytes("hello");
        const streamhost::Batch batch = side_.make_batch(&record, 1);
        sh_result read = Host::make_result(status);
        read.batch = batch.get();
        read.first = 1;
        read.last = 5;
        read.state = SH_STREAM_OPEN;
        read.flags = fence == 0 ? 0 : SH_RESULT_OWNED;
        return entry_json({"trip.r", seq}, read, "node-1", book_);
    }

    streamhost::testing::FakeHost fake_;
    Host side_{fake_.raw()};
    ClaimBook book_;
};

TEST_F(EntryAnswer, SaysWhereItStandsAndNotWhatIsInIt) {
    const std::string json = ask(0);
    EXPECT_EQ(own_member(json, "stream"), "trip.r");
    EXPECT_EQ(own_member(json, "type"), "text");
    EXPECT_EQ(own_member(json, "state"), "open");
    EXPECT_NE(json.find(R"("bytes":5,"at_ms":1700000000123)"), std::string::npos) << json;
    EXPECT_EQ(json.find("hello"), std::string::npos);
    EXPECT_EQ(json.find("claimed"), std::string::npos);
}

TEST_F(EntryAnswer, NamesTheProducerThatClaimedHere) {
    EXPECT_EQ(ask(7).find("claimed"), std::string::npos) << "another node gave that fence";
    book_.given("trip.r", 7, {.at_ms = 5, .is_local = true});
    EXPECT_NE(ask(7).find(R"("claimed":{"node":"node-1","at_ms":5,"producer":"this process"})"),
              std::string::npos)
        << ask(7);
}

TEST_F(EntryAnswer, SaysWhatThereIsInstead) {
    try {
        (void)ask(0, SH_OK, 9);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.status(), SH_NOT_FOUND);
        EXPECT_STREQ(failure.what(), "the stream trip.r has the entries 1 to 5");
    }
    EXPECT_THROW((void)ask(0, SH_NOT_FOUND, 9), Failure);
    try {
        (void)ask(0, SH_UNAVAILABLE);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.status(), SH_UNAVAILABLE);
    }
}

}  // namespace
}  // namespace streamcache
