// The problem: the list of open runs is the master's, and where that is lost nobody tells the next one what
// stood there. A message is told again by whoever got its acknowledgement, and with it comes its run. A node
// that looks after the run puts it into the list anew; of one that it does not look after (the answer was not
// heard in time, or the key was another run's, or a worker has it) nobody would find out that it is open.
//
// These are remembered for as long as another master may lack them. Time and news go in, ids come out; no I/O
// and no clock. [store]
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace chat {

class SentRuns {
public:
    // Twice what a keeper holds by default. Time without the store does not count, as there.
    static constexpr std::int64_t kRememberedMs = 32'000;
    static constexpr std::size_t kMost = 10'000;  // the oldest go first

    void add(std::string run, std::int64_t now_ms) {
        forget_old(now_ms);
        if (runs_.size() == kMost) runs_.pop_front();
        runs_.push_back({std::move(run), now_ms});
    }
    // News of the store's link. The runs that may be missing in the list of open runs now.
    [[nodiscard]] std::vector<std::string> link(bool up, std::uint64_t epoch, std::int64_t now_ms) {
        forget_old(now_ms);
        is_up_ = up;
        std::vector<std::string> all;
        if (!up || epoch == epoch_) return all;
        epoch_ = epoch;
        for (const auto& [run, at_ms] : runs_)
            all.push_back(run);
        return all;
    }

private:
    void forget_old(std::int64_t now_ms) {
        while (is_up_ && !runs_.empty() && now_ms - runs_.front().second > kRememberedMs)
            runs_.pop_front();
    }

    std::deque<std::pair<std::string, std::int64_t>> runs_;  // with when they were sent
    std::uint64_t epoch_ = 0;
    bool is_up_ = true;
};

}  // namespace chat
