// Fetches tokens of shared buckets from the store, and knows whether it can be asked. Whoever takes never
// waits for it: questions are queued and sent from the store loop, at most kWindow at once.
//
// The store counts as away when its link is down or a question failed, until something is answered again; a
// look at the nodes, each kLookMs, is that question when there is no other. A bucket has one question at a
// time, so the queue is no longer than the table of buckets.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/host.hpp"
#include "streamhost/store.hpp"

#include "limiter.hpp"
#include "telemetry.hpp"

namespace ratelimit {

// How many nodes a node_list names; at least 1. Pure. [any]
[[nodiscard]] std::uint32_t count_nodes(std::string_view json);

class Refills {
public:
    static constexpr std::uint64_t kTickMs = 50;
    static constexpr std::int64_t kLookMs = 2'000;
    static constexpr std::size_t kWindow = 256;

    // All outlive it.
    Refills(streamhost::Host& host, streamhost::Store store, Limiter& limiter, const Telemetry& telemetry);

    [[nodiscard]] Moment moment() const;               // [any]
    void ask(const std::vector<Question>& questions);  // [any]
    void tick();                                       // [store] each kTickMs
    void link(bool is_up);                             // [store]

private:
    void pump();
    [[nodiscard]] bool next(Question& out);
    void send(const Question& question);
    void answered(const Question& question, const sh_result& result);
    void fail(const Question& question);
    void owe(std::int64_t at_ns, const Question& question);
    void pay_debts();
    void look_at_nodes();
    void set_away(bool is_away);
    void show_health();

    streamhost::Host& host_;
    streamhost::Store store_;
    Limiter& limiter_;
    const Telemetry& telemetry_;
    std::atomic<bool> is_away_ = false;
    std::atomic<std::uint32_t> nodes_ = 1;

    std::mutex mutex_;
    std::deque<Question> queue_;  // under mutex_
    std::atomic<bool> is_posted_ = false;

    // [store]
    std::size_t in_flight_ = 0;
    std::multimap<std::int64_t, std::pair<std::uint32_t, std::string>> debts_;  // by when to pay
    std::int64_t look_at_ms_ = 0;
    bool is_looking_ = false;
    bool was_away_ = false;  // as health was told
};

}  // namespace ratelimit
