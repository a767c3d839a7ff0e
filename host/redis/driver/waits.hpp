#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "redis/driver/context.hpp"

namespace streamhost::redis {

// The problem: commands that wait (for a job, for a lock) must neither hold a connection nor ask the server
// all the time, and what wakes them is published at most once and may be lost.
//
// So they stand in lines, one per channel that wakes. The one in front asks: when the channel speaks, when
// the link came back, and every now and then in case that a message was lost. Only one of a line asks at a
// time, however many stand in it. Each leaves at its deadline. All of it on the store loop.

// What the server said when it was asked.
struct Asked {
    bool is_done = false;          // and the caller has its answer
    std::int64_t again_in_ms = 0;  // when it makes sense to ask again, unless something wakes; 0: now
    std::string holder = {};       // lock: who has it, and until when
    std::int64_t lapse_ms = 0;
};

// One command that waits, with its caller.
class Waiter {
public:
    explicit Waiter(std::int64_t deadline_ms) : deadline_ms_(deadline_ms) {}
    virtual ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Asks once; `then` runs later, after the caller was answered if that is so. Not accepted: it never runs.
    [[nodiscard]] virtual store::Submit ask(UniqueFunction<void(const Asked&)> then) = 0;
    // Its time is over. Answers the caller; `last` is what the server told anybody in the line.
    virtual void expire(const Asked& last) = 0;
    // Answers the caller with kGone, later.
    virtual void end() = 0;

    [[nodiscard]] std::int64_t deadline_ms() const noexcept { return deadline_ms_; }

private:
    std::int64_t deadline_ms_;
};

class Waits {
public:
    explicit Waits(Context& context);
    ~Waits();
    Waits(const Waits&) = delete;
    Waits& operator=(const Waits&) = delete;

    // How often the channel woke this line: remember it before asking for the first time, and tell join() so
    // that nothing is missed between the two.
    [[nodiscard]] std::uint64_t wakes(const std::string& channel) const;
    void join(const std::string& channel, std::shared_ptr<Waiter> waiter, std::uint64_t wakes, Asked first);

    // The channel spoke.
    void wake(std::string_view channel);
    // The link is up again: anything may have been missed.
    void wake_all();
    // The store is shut down.
    void end_all();

    [[nodiscard]] std::int64_t jitter_ms(std::int64_t from, std::int64_t to);

private:
    struct Line {
        explicit Line(std::string name) : channel(std::move(name)) {}
        const std::string channel;
        std::list<std::shared_ptr<Waiter>> waiters;  // the front one is asked first
        std::shared_ptr<Waiter> asking;              // not among the waiters then
        bool is_woken = false;                       // while one was asking
        bool listens = false;
        bool is_subscribing = false;
        std::uint64_t wakes = 0;
        std::int64_t due_ms = 0;  // asks again; without waiters: is forgotten
        Asked last;
    };
    // When, and what: a waiter's deadline, or without one what is due of the line.
    using Due = std::tuple<std::int64_t, Line*, Waiter*>;

    Line& line_of(const std::string& channel);
    void listen(Line& line);
    void listened(const std::string& channel, bool is_heard);
    void ask(Line& line);
    void asked(const std::string& channel, const Asked& asked);
    void settle(Line& line, std::int64_t again_in_ms);
    void set_due(Line& line, std::int64_t in_ms);
    void on_due(const Due& due);
    void expire(Line& line, Waiter& waiter);
    void forget(Line& line);
    void arm();
    void on_time(std::int64_t at_ms);

    Context& context_;
    std::unordered_map<std::string, std::unique_ptr<Line>> lines_;
    std::set<Due> due_;
    std::int64_t armed_ms_ = 0;  // 0: no timer
    std::minstd_rand random_;
    std::shared_ptr<Waits*> self_;  // answers that outlive the lines find nullptr
};

}  // namespace streamhost::redis
