// What must be true, whatever fails. It knows what every producer wrote, what every store acknowledged, and
// which faults were injected; it looks at readers' texts only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/server.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kReaders = 10;

class Oracle {
public:
    // A server or a node is lost from..until; the guarantee holds while there is one such fault per window.
    void fault(std::int64_t from_ms, std::int64_t until_ms);
    // The node, or the way between it and the store, is not well until then.
    void unwell(std::size_t node, std::int64_t until_ms) {
        unwell_ms_[node] = std::max(unwell_ms_[node], until_ms);
    }
    [[nodiscard]] bool is_double() const noexcept { return is_double_; }

    // A master gave the run to somebody, who may never hear of it.
    void granted(std::size_t run, std::uint64_t pid, std::int64_t now_ms);
    // Its producers are gone, and it comes back without them.
    void crashed(std::size_t node);
    // It was heard: the producer owns the run's text from the entry behind `head`.
    void claimed(std::size_t run, std::uint64_t pid, Position head);
    void wrote(std::size_t run, std::uint64_t pid, std::uint32_t type, const std::string& data);
    void acknowledged(std::size_t run, std::uint64_t pid, Position last);
    // Somebody else than its producer ends the run: anywhere in the text, if that was a user.
    void finishes(std::size_t run, bool is_user) {
        runs_[run].may_be_cut = true;
        runs_[run].is_cancelled = runs_[run].is_cancelled || is_user;
    }
    // A user was told that the run is cancelled, and where it ends.
    void cancelled(std::size_t run, Position end) { runs_[run].cancelled = end; }
    // Of the run's session: the store has what was said under this key.
    void published(std::size_t run, const std::string& key) { runs_[run].published.push_back(key); }

    // What a reader sees.
    void delivered(std::size_t reader, std::size_t run, const Entry& entry);
    void replaced(std::size_t reader, std::size_t run);
    [[nodiscard]] Position position(std::size_t reader) const noexcept { return readers_[reader].at; }

    // At the end, of the server that survived.
    void finish(std::size_t run, const Stream& stream);
    void finish_session(std::size_t run, const Stream& stream);
    void finish_reader(std::size_t reader, std::size_t run, const Stream& stream);

    void fail(const std::string& why) {
        if (failure_.empty()) failure_ = why;
    }
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

private:
    struct Truth {
        std::uint64_t after = 0;
        std::vector<Position> text;  // from the claim on
    };
    struct Run {
        std::map<std::uint64_t, Truth> truths;  // by pid
        std::vector<Position> acknowledged;
        std::uint64_t owner = 0;
        std::vector<std::string> published;
        bool is_owner_dead = false;
        bool has_changed_hands = false;
        bool may_be_cut = false;
        bool is_cancelled = false;
        Position cancelled;  // as a user was told
    };
    struct Reader {
        Position at;
        std::uint32_t ends = 0;
    };
    [[nodiscard]] bool is_true(const Run& run, const Entry& entry) const;

    std::array<Run, kRuns> runs_;
    std::array<Reader, kReaders> readers_;
    std::vector<std::pair<std::int64_t, std::int64_t>> faults_;
    std::array<std::int64_t, 3> unwell_ms_{-100'000, -100'000, -100'000};
    bool is_double_ = false;
    std::string failure_;
};

}  // namespace streamhost::sim
