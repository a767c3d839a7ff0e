#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

#include "redis/client/breaker.hpp"
#include "redis/link.hpp"

namespace streamhost::redis {

// What metrics, health and logs want to know of a client; a few dozen milliseconds old at most.
struct ClientStats {
    std::string role;
    bool is_up = false;   // the master is known, calls can leave, and every subscription stands
    std::string trouble;  // why it is not, as the log says; empty: not known yet
    std::string refusal;  // the writes that it refuses and why, as the log says; empty: none
    BreakerState breaker = BreakerState::kClosed;
    std::uint64_t breaker_openings = 0;
    std::string master;   // address; empty: none found yet
    std::string version;  // of the server
    std::string run_id;
    std::string replid;
    std::uint64_t config_epoch = 0;                        // of the Sentinels
    std::uint64_t link_epoch = 0;                          // as on_link() told it
    std::uint32_t ready = 0;                               // connections for calls
    std::uint32_t connecting = 0;                          // of these that are not: under way
    std::uint32_t down = 0;                                // and waiting for the next attempt
    std::uint64_t reconnects = 0;                          // connections that were ready and were lost
    std::array<std::uint64_t, kLinkEnds> reconnects_by{};  // the same, by LinkEnd
    std::uint64_t live_reconnects = 0;                     // of these, the one that listens
    std::uint64_t switches = 0;                            // to a master at another address
    std::uint64_t replaced = 0;  // another process, or other data, behind the same address
    std::uint64_t calls = 0;
    std::uint64_t repeats = 0;  // as CallFigures
    std::uint64_t timeouts = 0;
    std::uint64_t unavailable = 0;
    std::uint64_t memory_used_bytes = 0;  // of the server; 0: not known
    std::uint64_t memory_max_bytes = 0;   // 0: no limit, or not known
    std::uint64_t replicas = 0;           // of the server; only where memory_used_bytes is known
    std::uint64_t in_flight = 0;
    std::uint64_t subscriptions = 0;
};

// Written on the loop, read from any thread.
class StatsBoard {
public:
    void write(ClientStats stats) {
        const std::lock_guard lock(mutex_);
        stats_ = std::move(stats);
    }
    [[nodiscard]] ClientStats read() const {
        const std::lock_guard lock(mutex_);
        return stats_;
    }

private:
    mutable std::mutex mutex_;
    ClientStats stats_;
};

}  // namespace streamhost::redis
