// What all clients of this node share, and what those of one loop share.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "streamhost/abi/ext/limits.h"
#include "streamhost/host.hpp"
#include "streamhost/trace.hpp"

#include "expiries.hpp"
#include "limits.hpp"
#include "owed.hpp"
#include "request_parser.hpp"
#include "roll_call.hpp"
#include "services.hpp"
#include "telemetry.hpp"

namespace gateway {

class Call;
class Client;

// One per plugin; const but for counters, so loops share it. [loop]
struct Door {
    Door(streamhost::Host& house, const Limits& most, bool needs_a_token)
        : host(house),
          limits(most),
          needs_token(needs_a_token),
          enforced(house.find<sh_limits_ext>(SH_EXT_LIMITS)),
          services(house, most.service_timeout_ms),
          tracer(house),
          telemetry(house) {}

    // Whether a hello can be answered with a welcome. [any]
    [[nodiscard]] bool can_welcome() const {
        return services.can_welcome() && (!needs_token || services.can_authenticate());
    }

    streamhost::Host& host;
    Limits limits;
    const bool needs_token;         // to say hello; else everybody is anonymous
    const sh_limits_ext* enforced;  // NULL with a host that cannot tell
    Services services;
    streamhost::Tracer tracer;
    Telemetry telemetry;
    sh_handle encoding = 0;                 // of WebSockets
    sh_handle event_encoding = 0;           // of server-sent events
    std::atomic<std::uint32_t> pending{0};  // requests under way on all loops
    std::atomic<bool> is_store_up{true};    // as the store said last
};

// One per loop, touched by it alone.
class LoopClients {
public:
    explicit LoopClients(Door& all) : door(all), parser(all.limits), roll_call(*this), owed(*this) {}
    LoopClients(const LoopClients&) = delete;
    LoopClients& operator=(const LoopClients&) = delete;

    void add(sh_connection id, Client& client);
    // From now on it has the time that a hello may take.
    void await_hello(sh_connection id);
    void remove(sh_connection id);
    // nullptr: gone. An answer finds its client by number, because the client may leave before it comes.
    [[nodiscard]] Client* find(sh_connection id) const;
    // Calls by a number of their own, since connections are used again; those that became readers of a stream
    // by their connection, too.
    [[nodiscard]] std::uint64_t add_call(Call& call);
    void add_reader(sh_connection id, Call& call);
    void remove_call(std::uint64_t number, sh_connection id);
    [[nodiscard]] Call* find_call(std::uint64_t number) const;
    // Closes those who did not say hello in time and those whose identity has ended, asks the registry for
    // those who are open, and the store for what they are owed.
    void sweep(std::int64_t now_ms, std::int64_t wall_ms);

    Door& door;
    RequestParser parser;
    RollCall roll_call;
    OwedLine owed;
    Expiries expiries;  // of tokens, by the wall clock

private:
    void close_ended(std::int64_t now_ms, std::int64_t wall_ms);
    template <typename Body>
    void each(Body&& body) const;

    // A plugin that is replaced is there all the time; one that is away for so long was switched off.
    static constexpr std::int64_t kWithoutAuthMs = 10'000;

    struct Arrival {
        sh_connection id;
        std::int64_t due_ms;
    };
    std::unordered_map<sh_connection, Client*> clients_;
    std::unordered_map<sh_connection, Call*> readers_;
    std::unordered_map<std::uint64_t, Call*> calls_;
    std::uint64_t last_call_ = 0;
    std::deque<Arrival> arrivals_;     // by due_ms
    std::uint64_t auth_revision_ = 0;  // at the last look
    std::int64_t auth_seen_ms_ = 0;    // when somebody could last judge tokens
    std::uint64_t limiter_ = 0;        // the instance that counted connections at the last look
};

}  // namespace gateway
