#include "follower.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace pubsub {
namespace {

using streamhost::OwnedRecord;

// The truth: a log that can be appended to, and rewritten as a failover does.
struct Log {
    std::vector<OwnedRecord> records;

    static std::uint64_t chain(std::uint64_t prev, const std::string& data) {
        return std::hash<std::string>{}(std::to_string(prev) + "|" + data) | 1u;
    }
    void append(const std::string& data) {
        OwnedRecord record;
        record.head.seq = records.size() + 1;
        record.head.prev = records.empty() ? 0 : records.back().head.check;
        record.head.check = chain(record.head.prev, data);
        record.head.type = SH_RECORD_TEXT;
        record.data = data;
        records.push_back(record);
    }
    [[nodiscard]] sh_position head() const {
        return records.empty() ? sh_position{}
                               : sh_position{records.back().head.seq, records.back().head.check};
    }
    // What a read from `from` answers, `max` entries at the most.
    [[nodiscard]] std::vector<sh_record> read(std::uint64_t from, std::size_t max) const {
        std::vector<sh_record> out;
        for (std::size_t index = from - 1; index < records.size() && out.size() < max; ++index)
            out.push_back(records[index].record());
        return out;
    }
    [[nodiscard]] std::uint64_t check_before(std::uint64_t from) const {
        const std::uint64_t seq = std::min<std::uint64_t>(from - 1, records.size());
        return seq == 0 ? 0 : records[seq - 1].head.check;
    }
};

std::vector<sh_record> slice(const Log& log, std::size_t first, std::size_t last) {
    std::vector<sh_record> out;
    for (std::size_t seq = first; seq <= last; ++seq)
        out.push_back(log.records[seq - 1].record());
    return out;
}

Log log_of(std::size_t count) {
    Log log;
    for (std::size_t index = 0; index < count; ++index)
        log.append("e" + std::to_string(index));
    return log;
}

Page page_of(const Log& log, std::uint64_t from, const std::vector<sh_record>& records) {
    const std::uint64_t last = records.empty() ? from - 1 : records.back().seq;
    return {log.check_before(from), records, log.head(), last < log.head().seq};
}

TEST(Follower, ChainedRecordsAreDeliveredAtOnce) {
    const Log log = log_of(5);
    Follower follower;
    const sh_position start{2, log.records[1].head.check};
    EXPECT_TRUE(follower.opened(start).caught_up);
    const auto records = slice(log, 3, 5);
    const Step step = follower.live(records);
    EXPECT_EQ(step.deliver.size(), 3u);
    EXPECT_FALSE(step.read_from);
    EXPECT_EQ(follower.position().seq, 5u);
}

TEST(Follower, OldRecordsAreDropped) {
    const Log log = log_of(3);
    Follower follower;
    (void)follower.opened(log.head());
    const Step step = follower.live(slice(log, 1, 3));
    EXPECT_TRUE(step.deliver.empty());
    EXPECT_FALSE(step.read_from);
}

TEST(Follower, AHoleIsReadAndWhatCameMeanwhileIsMerged) {
    const Log log = log_of(6);
    Follower follower;
    (void)follower.opened({1, log.records[0].head.check});
    const Step hole = follower.live(slice(log, 4, 4));
    ASSERT_TRUE(hole.read_from);
    EXPECT_EQ(*hole.read_from, 2u);
    EXPECT_TRUE(hole.deliver.empty());
    EXPECT_TRUE(follower.live(slice(log, 5, 6)).deliver.empty());
    const auto records = slice(log, 2, 4);
    Step step = follower.page({log.check_before(2), records, {4, log.records[3].head.check}, false},
                              Patience::kWaits);
    EXPECT_EQ(step.deliver.size(), 3u);
    EXPECT_FALSE(step.caught_up);
    ASSERT_TRUE(follower.wants_release());
    step = follower.release();
    EXPECT_EQ(step.deliver.size(), 2u);
    EXPECT_TRUE(step.caught_up);
    EXPECT_EQ(follower.position().seq, 6u);
}

TEST(Follower, WhatArrivesBeforeItIsOpenWaits) {
    const Log log = log_of(4);
    Follower follower;
    EXPECT_TRUE(follower.live(slice(log, 2, 4)).deliver.empty());
    EXPECT_FALSE(follower.opened({3, log.records[2].head.check}).caught_up);
    const Step step = follower.release();
    ASSERT_EQ(step.deliver.size(), 1u);
    EXPECT_EQ(step.deliver[0].seq, 4u);
    EXPECT_TRUE(step.caught_up);
}

TEST(Follower, ARewrittenTailIsFoundThroughTheChain) {
    Log before = log_of(4);
    Log after = log_of(3);
    after.append("other");
    after.append("more");
    Follower follower;
    (void)follower.opened(before.head());
    const Step step = follower.live(slice(after, 5, 5));
    ASSERT_TRUE(step.read_from) << "number 5 chains from another number 4";
    const auto records = after.read(*step.read_from, 10);
    const Step truth = follower.page(page_of(after, *step.read_from, records), Patience::kWaits);
    EXPECT_TRUE(truth.diverged);
    EXPECT_TRUE(truth.deliver.empty());
    EXPECT_EQ(follower.position().check, after.head().check);
}

TEST(Follower, LessThanReadersHoldIsNoOtherTruthUntilThePatienceIsOver) {
    const Log whole = log_of(5);
    const Log cut = log_of(3);
    Follower follower;
    (void)follower.opened(whole.head());
    ASSERT_EQ(follower.tail(cut.head()).read_from, 6u);
    EXPECT_TRUE(follower.page(page_of(cut, 6, {}), Patience::kWaits).is_behind);
    EXPECT_EQ(follower.retry().read_from, 6u);
    EXPECT_TRUE(follower.live(slice(whole, 4, 5)).deliver.empty()) << "written again, and known";
    const Step back = follower.page(page_of(whole, 6, {}), Patience::kWaits);
    EXPECT_FALSE(back.diverged);
    (void)follower.release();

    ASSERT_EQ(follower.tail(cut.head()).read_from, 6u);
    EXPECT_TRUE(follower.page(page_of(cut, 6, {}), Patience::kIsOver).diverged);
    EXPECT_EQ(follower.position().seq, 3u);
}

// A stream that the store does not have.
Page no_page() {
    Page page;
    page.is_known = false;
    return page;
}

TEST(Follower, AStreamThatIsGoneIsEmptyOnceThePatienceIsOver) {
    const Log log = log_of(5);
    Follower follower;
    (void)follower.opened(log.head());
    ASSERT_EQ(follower.tail({}, false).read_from, 6u);
    EXPECT_TRUE(follower.page(no_page(), Patience::kWaits).is_behind);
    ASSERT_TRUE(follower.retry().read_from);
    const Step gone = follower.page(no_page(), Patience::kIsOver);
    EXPECT_TRUE(gone.diverged);
    EXPECT_TRUE(gone.caught_up);
    EXPECT_EQ(follower.position().seq, 0u);
    EXPECT_FALSE(follower.is_known());
    EXPECT_FALSE(follower.tail({}, false).read_from) << "told once, read no more";
    EXPECT_TRUE(follower.retry().deliver.empty());

    const Log anew = log_of(2);
    EXPECT_EQ(follower.live(slice(anew, 1, 2)).deliver.size(), 2u) << "and live from there";
    EXPECT_TRUE(follower.is_known());
}

TEST(Follower, ARunThatIsGoneBeforeItsFirstEntryIsGoneTheSame) {
    Follower follower;
    (void)follower.opened({}, true);
    EXPECT_FALSE(follower.tail({}, true).read_from);
    ASSERT_EQ(follower.tail({}, false).read_from, 1u);
    EXPECT_TRUE(follower.page(no_page(), Patience::kWaits).is_behind);
    ASSERT_TRUE(follower.retry().read_from);
    EXPECT_TRUE(follower.page(no_page(), Patience::kIsOver).diverged);
    EXPECT_FALSE(follower.tail({}, false).read_from);
}

TEST(Follower, AStreamThatNobodyWroteYetIsNotGone) {
    Follower follower;
    EXPECT_TRUE(follower.opened({}, false).caught_up);
    EXPECT_FALSE(follower.tail({}, false).read_from);
    EXPECT_FALSE(follower.tail({}, true).read_from) << "accepted, and not begun";
    EXPECT_TRUE(follower.tail({}, false).read_from) << "and gone again";
}

TEST(Follower, WhatOnlyALostMasterHadIsAskedForOnce) {
    const Log lost = log_of(6);
    const Log log = log_of(3);
    Follower follower;
    (void)follower.opened(log.head());
    ASSERT_EQ(follower.live(slice(lost, 5, 6)).read_from, 4u);
    const Step step = follower.page(page_of(log, 4, {}), Patience::kWaits);
    EXPECT_TRUE(step.caught_up);
    EXPECT_TRUE(step.deliver.empty());
    EXPECT_FALSE(step.diverged);
    EXPECT_FALSE(follower.wants_release());
    EXPECT_EQ(follower.live(slice(lost, 4, 4)).deliver.size(), 1u) << "somebody wrote it again";
}

TEST(Follower, WhatOnlyALostMasterHadIsForgottenWithTheRest) {
    const Log lost = log_of(8);
    const Log log = log_of(3);
    Follower follower;
    (void)follower.opened({5, lost.records[4].head.check});
    ASSERT_EQ(follower.live(slice(lost, 7, 8)).read_from, 6u);
    ASSERT_TRUE(follower.page(page_of(log, 6, {}), Patience::kWaits).is_behind);
    ASSERT_EQ(follower.retry().read_from, 6u);
    const Step step = follower.page(page_of(log, 6, {}), Patience::kIsOver);
    EXPECT_TRUE(step.diverged);
    EXPECT_TRUE(step.caught_up);
    EXPECT_EQ(follower.position().seq, 3u);
}

TEST(Follower, WhatArrivesWhileTheLogIsReadMayBeNewerThanTheAnswer) {
    const Log before = log_of(3);
    const Log log = log_of(5);
    Follower follower;
    (void)follower.opened({2, log.records[1].head.check});
    ASSERT_EQ(follower.tail(before.head()).read_from, 3u);
    (void)follower.live(slice(log, 5, 5));
    const auto third = slice(log, 3, 3);
    EXPECT_FALSE(follower.page(page_of(before, 3, third), Patience::kWaits).caught_up);
    EXPECT_EQ(follower.release().read_from, 4u);
    const auto rest = slice(log, 4, 5);
    EXPECT_EQ(follower.page(page_of(log, 4, rest), Patience::kWaits).deliver.size(), 2u);
    EXPECT_TRUE(follower.release().caught_up);
    EXPECT_EQ(follower.position().seq, 5u);
}

TEST(Follower, ALostLastRecordIsFoundByTheTailCheck) {
    const Log log = log_of(3);
    Follower follower;
    (void)follower.opened({2, log.records[1].head.check});
    EXPECT_FALSE(follower.tail({2, log.records[1].head.check}).read_from);
    const Step step = follower.tail(log.head());
    ASSERT_TRUE(step.read_from);
    EXPECT_EQ(*step.read_from, 3u);
}

TEST(Follower, AFailedReadIsAskedAgain) {
    const Log log = log_of(3);
    Follower follower;
    (void)follower.opened({1, log.records[0].head.check});
    ASSERT_TRUE(follower.live(slice(log, 3, 3)).read_from);
    follower.page_failed();
    EXPECT_TRUE(follower.is_broken());
    EXPECT_TRUE(follower.live(slice(log, 2, 2)).deliver.empty());
    ASSERT_TRUE(follower.retry().read_from);
}

TEST(Follower, OverTheBoundLiveRecordsAreReadAgain) {
    const Log log = log_of(Follower::kMaxHeld + 50);
    Follower follower;
    (void)follower.opened({0, 0});
    ASSERT_TRUE(follower.live(slice(log, 2, 2)).read_from);
    (void)follower.live(slice(log, 3, log.records.size()));
    const auto records = slice(log, 1, 2);
    EXPECT_FALSE(follower.page({0, records, {2, records.back().check}, false}, Patience::kWaits).caught_up);
    const Step step = follower.release();
    EXPECT_TRUE(step.read_from) << "what was dropped is not forgotten";
}

// Records delayed, doubled, dropped, reordered; pages of any size; the log rewritten now and then, with
// records of what was lost still on their way. What was delivered since the last divergence continues the
// truth without a hole, and in the end the follower stands at the head and asks for nothing.
TEST(Follower, RandomSchedulesEndInTheTruth) {
    for (std::uint32_t seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        Log log;
        Follower follower;
        std::vector<std::uint64_t>
            shown;  // checks that readers hold, by seq; a divergence replaces them with the log's
        std::vector<OwnedRecord> wire;
        std::optional<std::uint64_t> asked;
        Patience patience = Patience::kWaits;
        const auto apply = [&](const Step& step) {
            for (const sh_record& record : step.deliver) {
                ASSERT_EQ(record.seq, shown.size() + 1) << "seed " << seed;
                shown.push_back(record.check);
            }
            if (step.diverged) {
                shown.clear();
                for (std::size_t seq = 1; seq <= follower.position().seq; ++seq)
                    shown.push_back(log.records[seq - 1].head.check);
            }
            if (step.read_from) asked = step.read_from;
        };
        const auto settle = [&] {
            while (follower.wants_release())
                apply(follower.release());
        };
        const auto answer = [&](std::size_t max) {
            const std::uint64_t from = *asked;
            asked.reset();
            const auto records = log.read(from, max);
            const Step step = follower.page(page_of(log, from, records), patience);
            apply(step.is_behind ? follower.retry() : step);
            settle();
        };
        apply(follower.opened({0, 0}));
        for (int step = 0; step < 200; ++step) {
            const auto dice = random() % 10;
            if (dice < 5) {
                log.append(std::to_string(random() % 100));
                if (random() % 5 != 0) wire.push_back(log.records.back());
                if (random() % 10 == 0) wire.push_back(log.records[random() % log.records.size()]);
            } else if (dice < 8 && !wire.empty()) {
                const std::size_t index = random() % std::min<std::size_t>(3, wire.size());
                const OwnedRecord record = wire[index];
                wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(index));
                const sh_record one[] = {record.record()};
                apply(follower.live(one));
                settle();
            } else if (dice == 8 && asked) {
                answer(1 + random() % 5);
            } else if (random() % 20 == 0 && log.records.size() > 3) {
                log.records.resize(log.records.size() - 1 - random() % 3);  // a failover loses a tail
                if (random() % 2 == 0) wire.clear();
            }
        }
        for (int round = 0; round < 1'000; ++round) {
            if (round == 500) patience = Patience::kIsOver;  // nobody writes the lost tail again
            if (asked) {
                answer(3);
            } else if (follower.position().seq == log.head().seq &&
                       follower.position().check == log.head().check) {
                break;
            } else {
                apply(follower.tail(log.head()));
            }
        }
        ASSERT_FALSE(asked) << "seed " << seed;
        ASSERT_EQ(follower.position().seq, log.head().seq) << "seed " << seed;
        ASSERT_EQ(shown.size(), log.records.size()) << "seed " << seed;
        for (std::size_t index = 0; index < shown.size(); ++index)
            ASSERT_EQ(shown[index], log.records[index].head.check) << "seed " << seed << " seq " << index + 1;
    }
}

}  // namespace
}  // namespace pubsub
