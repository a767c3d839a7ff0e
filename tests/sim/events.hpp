// The simulator's only source of time and of chance. One seed gives one order of events, always.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace streamhost::sim {

// splitmix64 (S. Vigna, public domain): small, and good for neighbouring seeds.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    // least <= result <= most
    std::int64_t between(std::int64_t least, std::int64_t most) noexcept {
        return least + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(most - least + 1));
    }
    std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(next() % count); }
    bool chance(std::uint32_t percent) noexcept { return next() % 100 < percent; }

private:
    std::uint64_t state_;
};

class Events {
public:
    using Task = std::function<void()>;

    [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    void at(std::int64_t at_ms, Task task) {
        heap_.push_back({std::max(at_ms, now_ms_), ++order_, std::move(task)});
        std::push_heap(heap_.begin(), heap_.end(), is_later);
    }
    void after(std::int64_t ms, Task task) { at(now_ms_ + ms, std::move(task)); }

    // False: nothing is left.
    bool step() {
        if (heap_.empty()) return false;
        std::pop_heap(heap_.begin(), heap_.end(), is_later);
        const Event event = std::move(heap_.back());
        heap_.pop_back();
        now_ms_ = event.at_ms;
        ++count_;
        event.task();
        return true;
    }

private:
    struct Event {
        std::int64_t at_ms;
        std::uint64_t order;  // what was asked first comes first
        Task task;
    };
    static bool is_later(const Event& a, const Event& b) noexcept {
        return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.order > b.order;
    }

    std::vector<Event> heap_;
    std::int64_t now_ms_ = 0;
    std::uint64_t order_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace streamhost::sim
