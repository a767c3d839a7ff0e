#include "producer.hpp"

#include <functional>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace streamcache {
namespace {

using streamhost::bytes;
using streamhost::view;

std::uint64_t chain(std::uint64_t prev, std::uint32_t type, sh_bytes data) {
    return std::hash<std::string>{}(std::to_string(prev) + static_cast<char>(type) + std::string(view(data)));
}

Producer make(ProducerOptions options = {}) { return {&chain, 7, {3, 33}, options}; }

sh_status write(Producer& producer, std::string_view text, sh_ticket ticket = 0) {
    const sh_item item{SH_RECORD_TEXT, 0, bytes(text)};
    return producer.write(&item, 1, ticket);
}

sh_result result(sh_status status) {
    sh_result answer{};
    answer.status = status;
    return answer;
}

TEST(Producer, FirstEntryFollowsTheClaimedHead) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a"), SH_OK);
    const auto append = producer.next(0);
    ASSERT_TRUE(append);
    ASSERT_EQ(append->records.size(), 1u);
    EXPECT_EQ(append->records[0].seq, 4u);
    EXPECT_EQ(append->records[0].prev, 33u);
    EXPECT_EQ(append->records[0].check, chain(33, SH_RECORD_TEXT, bytes("a")));
    EXPECT_EQ(append->end_state, static_cast<std::uint32_t>(SH_STREAM_OPEN));
}

TEST(Producer, OneAppendInFlightTheRestIsTheNextBatch) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a", 1), SH_OK);
    ASSERT_TRUE(producer.next(0));
    ASSERT_EQ(write(producer, "b", 2), SH_OK);
    ASSERT_EQ(write(producer, "c", 3), SH_OK);
    EXPECT_FALSE(producer.next(0)) << "a second append while one is in flight";
    const auto answers = producer.appended(result(SH_OK), 1);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].ticket, 1u);
    EXPECT_EQ(answers[0].last.seq, 4u);
    const auto append = producer.next(1);
    ASSERT_TRUE(append);
    EXPECT_EQ(append->records.size(), 2u);
    EXPECT_EQ(append->records[1].seq, 6u);
    EXPECT_EQ(append->records[1].prev, append->records[0].check);
}

TEST(Producer, LostAnswerRepeatsTheSameRecordsAfterABackOff) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a", 1), SH_OK);
    const auto first = producer.next(100);
    ASSERT_TRUE(first);
    const std::uint64_t check = first->records[0].check;
    ASSERT_EQ(write(producer, "b"), SH_OK);
    EXPECT_TRUE(producer.appended(result(SH_TIMEOUT), 100).empty());
    EXPECT_FALSE(producer.next(100));
    ASSERT_TRUE(producer.retry_at());
    const auto again = producer.next(*producer.retry_at());
    ASSERT_TRUE(again);
    ASSERT_EQ(again->records.size(), 1u) << "a repeat is the same batch, so that the store can recognise it";
    EXPECT_EQ(again->records[0].check, check);
}

TEST(Producer, BackOffGrowsToItsCapAndStartsAnewAfterSuccess) {
    Producer producer = make({.first_retry_ms = 20, .last_retry_ms = 100});
    ASSERT_EQ(write(producer, "a"), SH_OK);
    std::int64_t now = 0;
    for (const std::int64_t expected : {20, 40, 80, 100, 100}) {
        ASSERT_TRUE(producer.next(now));
        ASSERT_TRUE(producer.appended(result(SH_UNAVAILABLE), now).empty());
        ASSERT_TRUE(producer.retry_at());
        EXPECT_EQ(*producer.retry_at() - now, expected);
        now = *producer.retry_at();
    }
    ASSERT_TRUE(producer.next(now));
    (void)producer.appended(result(SH_OK), now);
    ASSERT_EQ(write(producer, "b"), SH_OK);
    ASSERT_TRUE(producer.next(now));
    (void)producer.appended(result(SH_TIMEOUT), now);
    EXPECT_EQ(*producer.retry_at() - now, 20);
}

TEST(Producer, FencedEndsItAndTellsEverybodyWhoWaits) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a", 1), SH_OK);
    ASSERT_TRUE(producer.next(0));
    ASSERT_EQ(write(producer, "b", 2), SH_OK);
    const auto answers = producer.appended(result(SH_FENCED), 0);
    ASSERT_EQ(answers.size(), 2u);
    for (const auto& answer : answers)
        EXPECT_EQ(answer.status, SH_FENCED);
    EXPECT_TRUE(producer.is_over());
    EXPECT_EQ(write(producer, "c"), SH_FENCED);
    EXPECT_FALSE(producer.next(1'000));
}

TEST(Producer, TheEndIsTheLastRecordOfItsBatchAndClosesIt) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a"), SH_OK);
    ASSERT_EQ(producer.end("\"outcome\":\"complete\"", 9), SH_OK);
    EXPECT_EQ(write(producer, "b"), SH_ENDED);
    EXPECT_EQ(producer.end("\"outcome\":\"error\"", 0), SH_ENDED);
    const auto append = producer.next(0);
    ASSERT_TRUE(append);
    ASSERT_EQ(append->records.size(), 2u);
    EXPECT_EQ(append->records[1].type, static_cast<std::uint32_t>(SH_RECORD_END));
    EXPECT_EQ(append->end_state, static_cast<std::uint32_t>(SH_STREAM_COMPLETE));
    const auto answers = producer.appended(result(SH_OK), 0);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].last.seq, 5u);
    EXPECT_EQ(write(producer, "c"), SH_ENDED);
}

TEST(Producer, AnEndWithoutAnOutcomeIsRefused) {
    Producer producer = make();
    EXPECT_EQ(producer.end("\"usage\":{}", 0), SH_INVALID);
    EXPECT_EQ(producer.end("\"outcome\":\"perhaps\"", 0), SH_INVALID);
    EXPECT_EQ(write(producer, "still open"), SH_OK);
}

TEST(Producer, OverItsBoundItAnswersBusyAndKeepsWhatItHas) {
    Producer producer = make({.max_waiting_bytes = 10});
    EXPECT_EQ(write(producer, std::string(50, 'x')), SH_OK) << "one write always fits into an empty buffer";
    EXPECT_EQ(write(producer, "y"), SH_BUSY);
    ASSERT_TRUE(producer.next(0));
    EXPECT_EQ(write(producer, "y"), SH_OK);
    EXPECT_TRUE(producer.has_unacknowledged());
}

TEST(Producer, BatchesAreBounded) {
    Producer producer = make({.max_batch = 4});
    for (int count = 0; count < 10; ++count)
        ASSERT_EQ(write(producer, "t"), SH_OK);
    std::vector<std::size_t> sizes;
    while (const auto append = producer.next(0)) {
        sizes.push_back(append->records.size());
        (void)producer.appended(result(SH_OK), 0);
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2}));
}

TEST(Producer, SilenceIsRenewedAtAThirdOfTheLease) {
    Producer producer = make({.lease_ms = 6'000});
    ASSERT_EQ(write(producer, "a"), SH_OK);
    ASSERT_TRUE(producer.next(10'000));
    EXPECT_FALSE(producer.wants_renewal(20'000)) << "an append in flight renews";
    (void)producer.appended(result(SH_OK), 10'001);
    EXPECT_FALSE(producer.wants_renewal(11'999));
    EXPECT_TRUE(producer.wants_renewal(12'000));
    EXPECT_TRUE(producer.renewed(SH_OK, 12'000).empty());
    EXPECT_FALSE(producer.wants_renewal(13'999));
    (void)producer.renewed(SH_FENCED, 14'000);
    EXPECT_TRUE(producer.is_over());
}

// A store without memory refuses appends for as long as it likes, and nobody may take the producer for dead.
TEST(Producer, AppendsThatAreRefusedDoNotRenew) {
    Producer producer = make({.lease_ms = 6'000, .last_retry_ms = 1'000});
    ASSERT_EQ(write(producer, "a"), SH_OK);
    ASSERT_TRUE(producer.next(10'000));
    (void)producer.appended(result(SH_OK), 10'001);
    ASSERT_EQ(write(producer, "b"), SH_OK);
    ASSERT_TRUE(producer.next(11'000));
    (void)producer.appended(result(SH_UNAVAILABLE), 11'001);
    ASSERT_TRUE(producer.next(11'900));
    (void)producer.appended(result(SH_UNAVAILABLE), 11'901);
    EXPECT_FALSE(producer.wants_renewal(11'999));
    EXPECT_TRUE(producer.wants_renewal(12'000));
    EXPECT_TRUE(producer.renewed(SH_OK, 12'000).empty());
    EXPECT_FALSE(producer.wants_renewal(13'999));
    ASSERT_TRUE(producer.next(14'000));
    EXPECT_FALSE(producer.wants_renewal(14'000)) << "an append in flight renews";
}

TEST(Producer, WhoLeavesHasAllStoredAndTakesAndRenewsNothingMore) {
    Producer producer = make({.lease_ms = 6'000});
    ASSERT_EQ(write(producer, "a"), SH_OK);
    ASSERT_TRUE(producer.next(10'000));
    ASSERT_EQ(write(producer, "b"), SH_OK);
    EXPECT_EQ(producer.leave(9), SH_OK);
    EXPECT_EQ(producer.leave(10), SH_BUSY);
    EXPECT_EQ(write(producer, "c"), SH_FENCED);
    EXPECT_EQ(producer.end(R"("outcome":"complete")", 0), SH_FENCED);
    EXPECT_FALSE(producer.left()) << "an append is in flight";
    (void)producer.appended(result(SH_OK), 10'001);
    EXPECT_FALSE(producer.left()) << "one entry waits";
    ASSERT_TRUE(producer.next(10'001));
    (void)producer.appended(result(SH_OK), 10'002);
    EXPECT_FALSE(producer.wants_renewal(20'000));
    EXPECT_EQ(producer.left(), sh_ticket{9});
    EXPECT_FALSE(producer.left()) << "once";
}

TEST(Producer, WhoLeavesHearsWhatWentWrong) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a", 1), SH_OK);
    ASSERT_TRUE(producer.next(0));
    ASSERT_EQ(producer.leave(2), SH_OK);
    const auto answers = producer.appended(result(SH_FULL), 1);
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[1].ticket, sh_ticket{2});
    EXPECT_EQ(answers[1].status, SH_FULL);
    EXPECT_EQ(producer.leave(3), SH_FULL);
}

TEST(Producer, ItsOwnEndIsNotTakenForSomebodyElsesByARenewal) {
    Producer producer = make();
    ASSERT_EQ(write(producer, "a", 8), SH_OK);
    ASSERT_EQ(producer.end("\"outcome\":\"complete\"", 9), SH_OK);
    ASSERT_TRUE(producer.next(10'000));
    EXPECT_TRUE(producer.renewed(SH_ENDED, 10'001).empty()) << "sent beside it";
    EXPECT_TRUE(producer.appended(result(SH_TIMEOUT), 10'002).empty());
    EXPECT_TRUE(producer.renewed(SH_ENDED, 10'003).empty()) << "sent while its answer is lost";
    ASSERT_TRUE(producer.next(*producer.retry_at()));
    const auto answers = producer.appended(result(SH_OK), 11'000);
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[0].status, SH_OK);
    EXPECT_EQ(answers[1].status, SH_OK);
}

TEST(Producer, AnEndBeforeItsOwnWasSentIsSomebodyElses) {
    Producer producer = make({.max_batch = 1});
    ASSERT_EQ(write(producer, "a", 8), SH_OK);
    ASSERT_EQ(producer.end("\"outcome\":\"complete\"", 9), SH_OK);
    ASSERT_TRUE(producer.next(0));
    const auto answers = producer.renewed(SH_ENDED, 1);
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[1].status, SH_ENDED);
    EXPECT_TRUE(producer.is_over());
}

std::string previewed(Producer& producer, std::int64_t wall_ms = 1) {
    std::string text;
    for (const sh_record& record : producer.preview(wall_ms))
        text += view(record.data);
    return text;
}

// The first append is refused.
Producer make_away() {
    Producer producer = make();
    EXPECT_EQ(write(producer, "a"), SH_OK);
    EXPECT_TRUE(producer.next(0));
    EXPECT_EQ(previewed(producer), "") << "the store has it perhaps, and tells readers itself";
    (void)producer.appended(result(SH_UNAVAILABLE), 0);
    return producer;
}

TEST(Producer, APreviewIsWhatTheStoreWillGet) {
    Producer producer = make_away();
    ASSERT_EQ(write(producer, "b"), SH_OK);
    const auto shown = producer.preview(77);
    ASSERT_EQ(shown.size(), 2u);
    std::vector<sh_record> stored;
    for (std::int64_t now = 20; const auto append = producer.next(now); ++now) {
        stored.insert(stored.end(), append->records.begin(), append->records.end());
        (void)producer.appended(result(SH_OK), now);
    }
    ASSERT_EQ(stored.size(), 2u);
    for (std::size_t index = 0; index < 2; ++index) {
        EXPECT_EQ(stored[index].seq, shown[index].seq);
        EXPECT_EQ(stored[index].check, shown[index].check);
        EXPECT_EQ(stored[index].ts_ms, 77) << "the time at which readers saw it";
    }
}

TEST(Producer, AnEntryIsPreviewedOnce) {
    Producer producer = make_away();
    EXPECT_EQ(previewed(producer), "a");
    EXPECT_EQ(previewed(producer), "");
    ASSERT_EQ(write(producer, "b"), SH_OK);
    EXPECT_EQ(previewed(producer), "b");
}

TEST(Producer, ATimeoutBetweenRefusalsIsStillAway) {
    Producer producer = make_away();
    ASSERT_TRUE(producer.next(20));
    (void)producer.appended(result(SH_TIMEOUT), 20);
    EXPECT_EQ(previewed(producer), "a");
}

TEST(Producer, NothingIsPreviewedWhileTheStoreTakesEntries) {
    Producer producer = make_away();
    ASSERT_TRUE(producer.next(20));
    (void)producer.appended(result(SH_OK), 20);
    ASSERT_EQ(write(producer, "b"), SH_OK);
    EXPECT_EQ(previewed(producer), "");
}

TEST(Producer, TheEndIsNeverPreviewed) {
    Producer producer = make_away();
    ASSERT_EQ(write(producer, "b"), SH_OK);
    ASSERT_EQ(producer.end("\"outcome\":\"complete\"", 0), SH_OK);
    EXPECT_EQ(previewed(producer), "ab");
    EXPECT_EQ(previewed(producer), "");
}

TEST(Producer, WhoeverIsFencedPreviewsNothing) {
    Producer producer = make_away();
    ASSERT_TRUE(producer.next(20));
    (void)producer.appended(result(SH_FENCED), 20);
    EXPECT_EQ(previewed(producer), "");
}

// Whatever the store answers, in whatever order: what it took is the text that was written, once and in
// order.
TEST(Producer, RandomAnswersNeverLoseOrDoubleAnEntry) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        Producer producer = make({.max_batch = 1 + seed % 7});
        std::string written;
        std::string stored;
        std::uint64_t head = 3;
        std::int64_t now = 0;
        for (int step = 0; step < 300; ++step) {
            now += random() % 50;
            if (random() % 2 == 0) {
                const std::string text(1, static_cast<char>('a' + random() % 26));
                if (write(producer, text) == SH_OK) written += text;
            }
            const auto append = producer.next(now);
            if (!append) continue;
            const bool took = random() % 4 != 0;
            if (took) {
                for (const sh_record& record : append->records) {
                    if (record.seq <= head) continue;  // a repeat
                    ASSERT_EQ(record.seq, head + 1);
                    head = record.seq;
                    stored += view(record.data);
                }
            }
            const bool told = took && random() % 4 != 0;
            (void)producer.appended(result(told ? SH_OK : SH_TIMEOUT), now);
        }
        now += 10'000;
        while (const auto append = producer.next(now)) {
            for (const sh_record& record : append->records) {
                if (record.seq <= head) continue;
                head = record.seq;
                stored += view(record.data);
            }
            (void)producer.appended(result(SH_OK), now);
        }
        ASSERT_EQ(stored, written) << "seed " << seed;
    }
}

}  // namespace
}  // namespace streamcache
