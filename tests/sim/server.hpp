// What one server of the store holds, and what its scripts do to it: the owned streams of
// host/redis/driver/lua/{claim,append,renew,finish,read,tail}.lua, in the same order of questions. Bounds and
// lifetimes are left out: no schedule reaches them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "streamhost/abi/record.h"

#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kRuns = 2;
inline constexpr std::int64_t kLeaseMs = 6'000;

using store::Position;
using store::Status;

// Each breaks one thing that the design rests on. kNone: the product as it is.
enum class Mutation : std::uint8_t {
    kNone,
    kNoCheck,              // followers believe that what has the next number also continues the text
    kNoFence,              // the store takes appends of whoever sends them
    kNoPid,                // the store tells producers apart by their fence alone
    kForget,               // a node keeps nothing of what was acknowledged
    kReadBeforeSubscribe,  // a follower asks where the stream stands, and subscribes then
    kHighestFence,         // nodes drop records under the highest fence they ever saw
    kCountOutage,          // a lease counts as lapsed although nobody could renew it
};

// The simulator's own running hash; the product takes it as a parameter. SHA-1 would be most of the time.
[[nodiscard]] std::uint64_t chain(std::uint64_t prev, std::uint32_t type, sh_bytes data);

struct Entry {
    std::uint64_t seq = 0;
    std::uint64_t prev = 0;
    std::uint64_t check = 0;
    std::uint64_t fence = 0;
    std::uint64_t writer = 0;  // pid of who sent it; the oracle's, no product code sees it
    std::uint32_t type = 0;
    std::string data;

    [[nodiscard]] sh_record record() const noexcept;
};
using Entries = std::vector<Entry>;

struct Command {
    enum class Kind : std::uint8_t { kClaim, kAppend, kRenew, kRead, kTail };
    Kind kind = Kind::kTail;
    std::size_t run = 0;
    std::uint64_t pid = 0;
    std::uint64_t fence = 0;
    std::uint64_t given = 0;  // claim: the fence that an earlier master gave
    std::uint64_t from = 0;   // read
    Entries records;          // append
};
using CommandRef = std::shared_ptr<const Command>;

struct Reply {
    Status status = Status::kTimeout;
    bool is_open = true;
    Position head;
    std::uint64_t fence = 0;
    std::uint64_t claims = 0;
    std::int64_t left_ms = 0;        // of the lease
    bool is_fresh = false;           // claim: a fence that nobody had
    std::uint64_t before_check = 0;  // read
    Entries entries;
};

// Who owned the text from where on: what the oracle compares the surviving text with.
struct Owner {
    std::uint64_t pid = 0;
    std::uint64_t after = 0;  // number of the last entry before
};

struct Meta {
    bool is_open = true;
    std::uint64_t fence = 0;
    std::uint64_t pid = 0;
    std::uint64_t claims = 0;
    std::int64_t lease_ms = 0;  // when it ends
    std::vector<Owner> owners;
};

struct Stream {
    Meta meta;
    Entries log;
    [[nodiscard]] Position head() const noexcept;
    [[nodiscard]] std::uint64_t check_at(std::uint64_t seq) const noexcept;
};

// What a master tells its replicas: effects, never commands, for their clocks differ.
struct Effect {
    std::size_t run = 0;
    Meta meta;
    Entries added;
};

class Server {
public:
    // Executes one script. `effect` is set when it changed something.
    Reply execute(const Command& command, std::int64_t now_ms, Mutation mutation,
                  std::shared_ptr<Effect>& effect);
    void apply(const Effect& effect);
    [[nodiscard]] const Stream& stream(std::size_t run) const noexcept { return streams_[run]; }

private:
    static Status claim(Stream& stream, const Command& command, std::int64_t now_ms, Reply& reply);
    static Status append(Stream& stream, const Command& command, std::int64_t now_ms, Mutation mutation,
                         Entries& added);
    static void read(const Stream& stream, std::uint64_t from, Reply& reply);

    std::array<Stream, kRuns> streams_;
};

}  // namespace streamhost::sim
