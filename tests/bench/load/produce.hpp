#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "delivery.hpp"
#include "run.hpp"

namespace streamhost::load {

// Calls `append_next` with each index of a schedule when it is due, and starts the meter at the first one
// that is measured.
class Timetable {
public:
    using Append = std::function<void(std::uint64_t index)>;
    Timetable(Setting& setting, Schedule& schedule, Append append_next, Meter& meter, Run& run)
        : loop_(setting.loop),
          schedule_(schedule),
          append_next_(std::move(append_next)),
          meter_(meter),
          run_(run) {
        schedule_.pace = Pace(now_ns(), schedule_.per_second);
    }

    [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
    [[nodiscard]] bool is_over() const noexcept { return next_ >= schedule_.total; }
    // A turn of the loop, at most until something is due.
    void turn(std::int64_t until_ns = INT64_MAX) {
        const std::int64_t now = now_ns();
        for (; !is_over() && schedule_.pace.due_ns(next_) <= now; ++next_) {
            if (next_ == schedule_.first_measured) meter_.start();
            if (next_ >= schedule_.first_measured) run_.send_lag.record(now - schedule_.pace.due_ns(next_));
            append_next_(next_);
        }
        loop_.turn(is_over() ? until_ns : std::min(until_ns, schedule_.pace.due_ns(next_)));
    }

private:
    Loop& loop_;
    Schedule& schedule_;
    Append append_next_;
    Meter& meter_;
    Run& run_;
    std::uint64_t next_ = 0;
};

// The whole schedule.
inline void produce(Setting& setting, Schedule& schedule, Timetable::Append append_next, Meter& meter,
                    Run& run) {
    Timetable timetable(setting, schedule, std::move(append_next), meter, run);
    while (!timetable.is_over())
        timetable.turn();
}

}  // namespace streamhost::load
