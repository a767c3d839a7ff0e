#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/driver/context.hpp"
#include "redis/driver/keeper.hpp"

namespace streamhost::redis {

// Sends again what the keeper holds: of one home, when an answer shows that the master lacks what was
// acknowledged; of all homes, when the link came up anew, a few homes at a time.
//
// First the master is asked for the newest write of each stream: of those that it has nothing else is sent,
// and mostly it has them. Where it has not, it says how far it has the stream, and is asked for the newest
// write up to there, and where another one stands in that place for earlier ones, in steps that grow. What is
// left of a home goes in batches, the next one when all of the last are answered. The calls of a batch have
// one deadline, so that whatever stands behind one that ran out of time has run out, too, and overtakes
// nothing. A call that no script answered (no room on the connection, no answer in time, a server that
// refuses), or the end of a run that is not there yet, stops its home there; it goes on from that call after
// a while, or with the next link. An end that was acknowledged behind text which only the run's producer has
// waits for that text until the master has settled: by then whoever is there has sent what he kept, and an
// end that waited for somebody who is gone would never come. What an earlier master answered says nothing of
// the next one: with each link-up every home starts over. [store]
class Repair {
public:
    // `settled_ms` is when the master has settled, as it is known at the time.
    Repair(Context& context, Keeper& keeper, const std::int64_t& settled_ms)
        : context_(context), keeper_(keeper), settled_ms_(settled_ms) {}

    // `done` runs when a script has answered each of the home's writes, whatever it said; never inside.
    void home(const std::string& name, UniqueFunction<void()> done);
    // The link came up: the master may be another one.
    void all();
    // Nothing more is tried until it comes up.
    void link_down() noexcept { is_up_ = false; }
    // Whoever waits is told later, and nothing more is sent.
    void close();

    [[nodiscard]] bool is_under_way(const std::string& name) const { return work_.contains(name); }
    // Somebody who asked for home() was not answered yet.
    [[nodiscard]] bool is_awaited(const std::string& name) const {
        const auto found = work_.find(name);
        return found != work_.end() && !found->second.done.empty();
    }
    // Differs when a repair began in between.
    [[nodiscard]] std::uint64_t begun() const noexcept { return begun_; }
    // Writes that a master had acknowledged and another one did not have.
    [[nodiscard]] std::uint64_t reapplied() const noexcept { return reapplied_; }
    // Times a home stopped at a call that no script answered.
    [[nodiscard]] std::uint64_t stops() const noexcept { return stops_; }

private:
    enum class State : std::uint8_t { kQueued = 1, kActive, kResting };
    // Numbers are the keeper's.
    struct Work {
        State state = State::kQueued;
        std::uint64_t generation = 0;
        std::uint64_t after = 0;  // answered up to here
        std::uint64_t until = 0;
        std::uint64_t sent = 0;
        std::optional<std::uint64_t> failed;  // the first one of the batch
        std::size_t underway = 0;
        std::map<std::string, std::uint64_t, std::less<>> there;  // of a stream all up to this number
        std::int64_t rest_ms = kLeastRestMs;
        std::int64_t resume_at_ms = 0;
        std::vector<UniqueFunction<void()>> done;
    };
    void begin(const std::string& name, Work& work);
    struct Question {
        std::string id;
        std::uint64_t number = 0;
        std::uint64_t last = 0;   // entry of the stream
        std::uint64_t steps = 0;  // back from there, if it is not in its place
    };
    [[nodiscard]] bool ask(const std::string& name, Work& work);
    bool put(const std::string& name, Work& work, const Keeper::Numbered& asked, std::uint64_t steps);
    void heard(const std::string& name, const Question& question, const Script& script, const Reply& reply);
    void ask_further(const std::string& name, Work& work, const Question& question, std::uint64_t head);
    [[nodiscard]] bool send_batch(const std::string& name, Work& work);
    void answered(const std::string& name, std::uint64_t number, const Script& script, const Reply& reply);
    void end_batch(const std::string& name);
    void rest(const std::string& name, Work& work);
    void resume(const std::string& name);
    void finish(const std::string& name);
    void next_homes();
    void count(const Script& script, const Reply& reply);
    void show_figures();

    static constexpr std::size_t kHomesAtOnce = 32;
    static constexpr std::size_t kBatch = 256;
    static constexpr std::uint32_t kTimeoutMs = 5'000;
    static constexpr std::int64_t kLeastRestMs = 100;
    static constexpr std::int64_t kMostRestMs = 2'000;

    Context& context_;
    Keeper& keeper_;
    const std::int64_t& settled_ms_;
    std::map<std::string, Work> work_;
    std::uint64_t begun_ = 0;
    std::deque<std::string> waiting_;  // for their turn; some have begun already
    std::size_t active_ = 0;
    std::uint64_t generation_ = 0;
    bool is_up_ = true;
    std::uint64_t reapplied_ = 0;
    std::uint64_t stops_ = 0;
};

}  // namespace streamhost::redis
