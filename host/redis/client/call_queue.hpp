#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "redis/port.hpp"

namespace streamhost::redis {

struct CallQueueOptions {
    std::size_t max_calls = 10'000;
    std::size_t max_bytes = std::size_t{64} << 20;  // of the commands
};

// The problem: calls go out many at a time, the connection under them ends at any moment, and neither may a
// call overtake an earlier one nor may a caller be told more than is known.
//
// The calls of one connection, in order, until they are answered: first those that wait, and after a lost
// connection those that were sent go out again before newer ones. What the server refused for now (READONLY,
// BUSY, NOREPLICAS, ...) waits in its old place and everything behind it with it; later calls of the same
// order that were already on the way are then sent again behind it, since their effect came too early. A call
// without an answer at its deadline ends kUnavailable if it certainly had no effect, else kTimeout. Answers
// come in the order of sending. No I/O, no clock.
class CallQueue {
public:
    struct Ended {
        CallDone done;
        CallEnd end = CallEnd::kClosed;
    };
    struct Outgoing {
        std::uint64_t id = 0;
        std::string_view command;  // until the queue is changed
        bool is_repeat = false;
    };

    explicit CallQueue(CallQueueOptions options) : options_(options) {}

    // kForbidden: a call for one connection, which ends with it.
    enum class Repeat : std::uint8_t { kAllowed = 1, kForbidden };

    // False: at a limit, nothing was kept.
    [[nodiscard]] bool push(std::uint64_t order, std::string command, std::int64_t deadline_ms, CallDone done,
                            Repeat repeat = Repeat::kAllowed);

    // What goes out next; sent(id) says that it did.
    [[nodiscard]] std::optional<Outgoing> next(std::int64_t now_ms);
    void sent(std::uint64_t id);

    // The server's answer to a call that was sent. Empty when nobody waits for this answer any more.
    [[nodiscard]] CallDone answered(std::uint64_t id);
    // The server refused the call without effect: again, and nothing goes out before `until_ms`. One that may
    // not be repeated ends with that answer.
    [[nodiscard]] CallDone refused(std::uint64_t id, std::int64_t until_ms);
    // The connection ended under a call: before a byte of it left, or nobody knows.
    void lost(std::uint64_t id, bool may_have_effect);

    // There is no connection now: with it end the calls that may not be repeated, at the next expire().
    void disconnected();

    // Calls whose time is over.
    [[nodiscard]] std::vector<Ended> expire(std::int64_t now_ms);
    // Calls that certainly had no effect yet: for an open breaker.
    [[nodiscard]] std::vector<Ended> take_unsent();
    [[nodiscard]] std::vector<Ended> take_all();

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Call {
        std::uint64_t order = 0;
        std::string command;
        std::int64_t deadline_ms = 0;
        CallDone done;             // empty: ended, and only its place is left
        std::uint64_t serial = 0;  // of its last sending
        bool is_sent = false;
        bool may_have_effect = false;  // from an earlier sending
        bool is_for_one = false;       // connection
    };
    // Calls of an order behind `id` that were on the way when it was put back.
    struct Overtaking {
        std::uint64_t id = 0;
        std::uint64_t serial = 0;  // of the last one on the way
    };

    [[nodiscard]] Call* find(std::uint64_t id);
    [[nodiscard]] bool has_overtaken(std::uint64_t id, const Call& call);
    void put_back(std::uint64_t id, Call& call);
    void expect_overtaking(std::uint64_t id, const Call& call);
    [[nodiscard]] CallDone end(Call& call);
    void drop_ended();
    template <typename Which>
    std::vector<Ended> take(Which which);

    CallQueueOptions options_;
    std::deque<Call> calls_;
    std::uint64_t first_id_ = 0;  // of calls_.front()
    std::uint64_t next_id_ = 0;   // nothing before it is to be sent
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t last_serial_ = 0;
    std::unordered_map<std::uint64_t, Overtaking> overtaking_;  // by order
    std::uint64_t overtaking_until_ = 0;                        // serial; behind it the map is empty
    std::int64_t held_until_ms_ = 0;
    std::int64_t earliest_ms_ = INT64_MAX;  // no deadline before
};

}  // namespace streamhost::redis
