#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>

#include "delivery/test/harness.hpp"

namespace streamhost::delivery::test {

/// One client: checks every byte that it gets against the truth, as it comes in.
class ModelClient {
public:
    struct Subscription {
        const Story* story = nullptr;
        SubscriptionId id = 0;
        std::uint32_t ticket = 0;
        Position at;
        std::uint64_t snapshots = 0;
        bool completed = false;
    };

    void feed(const std::uint8_t* data, std::size_t size) {
        sink_.feed(data, size);
        for (const std::string& payload : sink_.take())
            on_frame(parse(payload));
    }

    std::map<std::string, Subscription, std::less<>> subscriptions;
    std::uint64_t direct_seen = 0;
    std::uint64_t direct_sent = 0;
    std::uint64_t answers_seen = 0;
    std::uint64_t answers_sent = 0;
    [[nodiscard]] bool between_frames() const { return sink_.between_frames(); }

private:
    void on_frame(const Frame& frame) {
        if (frame.kind == 'x') return on_text(frame.data);
        Subscription& subscription = subscriptions.at(frame.stream);
        const Story& story = *subscription.story;
        std::uint64_t from = frame.first;
        if (frame.kind == 's') {
            ++subscription.snapshots;
            from = 1;
        } else {
            ASSERT_EQ(frame.first, subscription.at.seq + 1) << frame.stream << ": lost or doubled";
        }
        ASSERT_EQ(frame.check, story.check(frame.seq)) << frame.stream << " at " << frame.seq;
        std::string truth;
        for (std::uint64_t seq = from; seq <= frame.seq; ++seq)
            truth += story.data(seq);
        ASSERT_EQ(frame.data, truth) << frame.stream << " at " << frame.seq;
        subscription.at = {frame.seq, frame.check};
    }

    void on_text(const std::string& text) {
        if (text.starts_with("direct ")) {
            ASSERT_EQ(text, "direct " + std::to_string(direct_seen++)) << "direct frames out of order";
        } else if (text.starts_with("answer ")) {
            ++answers_seen;
        } else {
            ASSERT_TRUE(text.starts_with("note ")) << text;
        }
    }

    FrameDecoder sink_;
};

/// Answers what a reader's position asks for the way a follower would: any mix of plan items that gets it to
/// the head.
class ModelFollower {
public:
    explicit ModelFollower(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    [[nodiscard]] bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }

    /// Attaches from `from` and returns the ticket. `delivered`: what deliver() has been given of the story.
    std::uint32_t attach(LogSet& set, ReaderRef reader, SubscriptionId id, std::string_view stream,
                         EncodingId encoding, const Story& story, std::uint64_t delivered, Position from,
                         const std::string& answer) {
        Plan plan(from);
        std::uint64_t at = from.seq;
        std::string joined_text;
        RecordView joined;
        std::vector<RecordView> page;
        if (!answer.empty()) plan.answer(answer);
        const auto range = set.range(stream, encoding);
        const std::uint64_t log_first = range ? range->first.seq : delivered;
        if (chance(20) && delivered != 0) {
            at = log_first + below(delivered - log_first + 1);
            page = story.records(0, at);
            plan.snapshot(page, story.at(at));
        } else if (at < log_first || (at < delivered && chance(30))) {
            const std::uint64_t to = std::max(log_first, at + 1 + below(delivered - at));
            if (chance(50)) {
                joined = story.joined(at, to, joined_text);
                plan.records(std::span(&joined, 1));
            } else {
                page = story.records(at, to);
                plan.records(page);
            }
            at = to;
        }
        if (chance(15)) return finish(set, reader, id, stream, encoding, plan.more());
        if (at < delivered && chance(50) && range) {
            const std::uint64_t to = at + below(delivered - at + 1);
            plan.log(story.at(at), story.at(to)).text("note replayed");
            at = to;
        }
        return finish(set, reader, id, stream, encoding, plan.join(story.at(at)));
    }

private:
    static std::uint32_t finish(LogSet& set, ReaderRef reader, SubscriptionId id, std::string_view stream,
                                EncodingId encoding, const Plan& plan) {
        const AttachResult result = set.attach(reader, id, stream, encoding, plan);
        EXPECT_EQ(result.status, AttachStatus::kOk) << stream;
        return result.ticket;
    }

    std::mt19937_64 random_;
};

}  // namespace streamhost::delivery::test
