#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "delivery/record.hpp"

namespace streamhost::delivery {

/// What one subscription of one reader is sent, in order: texts, records, a snapshot, a range of the node's
/// log, and then the live log, or nothing, or a question for more. Built by whoever decides a resume; views
/// only, valid until attach() returned. The items have to chain: each starts at the position that the one
/// before ends at, a snapshot excepted.
class Plan {
public:
    struct Text {
        std::string_view payload;
        bool answer;
    };
    struct Records {
        std::span<const RecordView> records;
    };
    struct Snapshot {
        std::span<const RecordView> records;
        Position at;
    };
    struct Log {
        Position after;
        Position to;
    };
    using Item = std::variant<Text, Records, Snapshot, Log>;
    enum class Then { kEnd = 1, kJoin, kMore };

    /// `from`: what the reader has when the plan starts; {0, 0} where it has nothing.
    explicit Plan(Position from) : from_(from) {}

    /// One frame around `payload`. It goes away with the plan when that is replaced.
    Plan& text(std::string_view payload) { return add(Text{payload, false}); }
    /// The same, but owed to the client: it survives replacement and is sent ahead of the new plan.
    Plan& answer(std::string_view payload) { return add(Text{payload, true}); }
    /// Records that the caller read; encoded once for all readers that ask for the same range soon after each
    /// other. The bytes stay in memory until sent, so long ranges are paged with more().
    Plan& records(std::span<const RecordView> records) { return add(Records{records}); }
    /// Records that the caller folded, as one frame that takes the reader to `at`.
    Plan& snapshot(std::span<const RecordView> records, Position at) { return add(Snapshot{records, at}); }
    /// What the node's log holds in (after, to]: no copy, and no hold on the log, which may be trimmed under
    /// the reader.
    Plan& log(Position after, Position to) { return add(Log{after, to}); }

    /// Live from `at`, a position that the log holds or, where there is no log yet, begins with.
    Plan& join(Position at) { return finish(Then::kJoin, at); }
    /// Nothing follows: completed() is reported when the last byte went out.
    Plan& end() { return finish(Then::kEnd, {}); }
    /// wants_more() is reported when the last byte went out; the next plan continues from there.
    Plan& more() { return finish(Then::kMore, {}); }

    [[nodiscard]] const Position& from() const { return from_; }
    [[nodiscard]] std::span<const Item> items() const { return items_; }
    [[nodiscard]] Then then() const { return then_; }
    [[nodiscard]] const Position& join_at() const { return join_at_; }

private:
    Plan& add(Item item) {
        items_.push_back(item);
        return *this;
    }
    Plan& finish(Then then, Position at) {
        then_ = then;
        join_at_ = at;
        return *this;
    }

    Position from_;
    std::vector<Item> items_;
    Then then_ = Then::kEnd;
    Position join_at_;
};

}  // namespace streamhost::delivery
