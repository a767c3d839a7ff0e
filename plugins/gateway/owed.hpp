// The problem: the store is away, and clients are welcomed all the same. When it is back, thousands of them
// are owed their streams at once, and a store that has just come up would be asked for all in one moment.
//
// So they stand in line. While the store is up, each tick asks on behalf of those at the front, for about
// kStreamsPerTick streams; who is refused again goes to the end, and waits for kAgainMs at least. A client is
// in line once at most, and leaves it when it closes.
//
// One per loop, touched by it alone. No clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "streamhost/abi/ext/websocket.h"
#include "streamhost/abi/record.h"

namespace gateway {

class LoopClients;

// A stream that `hello` was promised and that does not stand yet.
struct OwedStream {
    std::string stream;
    std::uint32_t from = 0;  // SH_FROM_*
    sh_position after{};
    std::uint32_t flags = 0;  // SH_SUBSCRIBE_*
    bool is_late = false;     // it was asked for in vain
};

class OwedLine {
public:
    static constexpr std::int64_t kAgainMs = 1'000;
    static constexpr std::size_t kStreamsPerTick = 256;

    explicit OwedLine(LoopClients& loop) : loop_(loop) {}
    OwedLine(const OwedLine&) = delete;
    OwedLine& operator=(const OwedLine&) = delete;

    void add(sh_connection id, std::int64_t now_ms);
    void remove(sh_connection id);
    // Only while the store is up.
    void tick(std::int64_t now_ms);
    [[nodiscard]] std::size_t size() const noexcept { return line_.size(); }

private:
    struct Place {
        sh_connection id = 0;
        std::int64_t due_ms = 0;
    };
    using Line = std::list<Place>;  // by due_ms

    LoopClients& loop_;
    Line line_;
    std::unordered_map<sh_connection, Line::iterator> places_;
};

}  // namespace gateway
