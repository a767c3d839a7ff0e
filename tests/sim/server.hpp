// What one server of the store holds, and what its scripts do to it: the streams of
// host/redis/driver/lua/{claim,append,renew,finish,publish,read,tail}.lua, in the same order of questions.
// Bounds and lifetimes are left out: no schedule reaches them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/record.h"

#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kRuns = 2;
// A run's number is that of its stream; behind the runs come the streams of their sessions.
inline constexpr std::size_t kStreams = 2 * kRuns;
[[nodiscard]] constexpr std::size_t session_of(std::size_t run) noexcept { return kRuns + run; }
inline constexpr std::int64_t kLeaseMs = 6'000;

using store::Position;
using store::Status;

// Each breaks one thing that the design rests on. kNone: the product as it is.
enum class Mutation : std::uint8_t {
    kNone,
    kNoCheck,              // followers believe that what has the next number also continues the text
    kNoFence,              // the store takes appends of whoever sends them
    kNoPubId,              // the store does not know a publish again
    kNoProducerId,         // the store tells producers apart by their fence alone
    kForgetAtEnd,          // a producer keeps nothing once its end was acknowledged
    kForget,               // a node keeps nothing of what was acknowledged
    kReadBeforeSubscribe,  // a follower asks where the stream stands, and subscribes then
    kHighestFence,         // kNoSettling, and nodes drop records under the highest fence they ever saw
    kCountOutage,          // a lease counts as lapsed although nobody could renew it
    kNoSettling,           // whoever finds a new master claims there at once
    kSettledAtStart,       // so does whoever just started
    kEarlyEnds,            // an end that a user gave is told to a new master before the text in front of it
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
    enum class Kind : std::uint8_t { kClaim, kAppend, kRenew, kFinish, kPublish, kProof, kRead, kTail };
    Kind kind = Kind::kTail;
    std::size_t stream = 0;
    std::vector<std::size_t> streams;  // tail
    std::uint64_t pid = 0;
    std::uint64_t fence = 0;  // finish: 0 stands for any
    std::uint64_t given = 0;  // claim: the fence that an earlier master gave
    std::uint64_t from = 0;   // read; publish, finish: an entry that must be there
    std::size_t most = 0;
    std::int64_t lease_ms = 0;
    Entries records;           // append; publish: type and data
    std::string key;           // publish
    Position known_as;         // publish: its last entry, at the master that acknowledged it
    bool is_question = false;  // publish: write nothing
    std::string data;          // finish
    char state = 'o';          // finish, append: what the stream becomes
    [[nodiscard]] bool writes() const noexcept {
        return kind != Kind::kRead && kind != Kind::kTail && !is_question;
    }
};
using CommandRef = std::shared_ptr<const Command>;

// Of a stream's fields, what the driver reads.
struct Fields {
    char state = 'o';
    std::uint64_t fence = 0;
    std::uint64_t pid = 0;
    std::uint64_t claims = 0;
    std::int64_t lease_ms = 0;  // when it ends
    [[nodiscard]] bool is_open() const noexcept { return state == 'o'; }
};

struct Reply {
    Status status = Status::kTimeout;
    bool is_refused = false;  // by the server, for now: NOREPLICAS
    std::int64_t now_ms = 0;  // the server's time
    Fields fields;
    Position head;
    bool is_fresh = false;    // claim: a fence that nobody had
    std::uint64_t first = 0;  // publish: the first number
    Position last;            // publish
    Entries entries;          // read
    std::vector<std::pair<Fields, Position>> tails;
};

// Who owned the text from where on: what the oracle compares the surviving text with.
struct Owner {
    std::uint64_t pid = 0;
    std::uint64_t after = 0;  // number of the last entry before
};

// What a shared stream recalls of a write.
struct Published {
    std::string key;
    std::uint64_t first = 0;
    Position last;
};

struct Meta : Fields {
    std::vector<Owner> owners;
    std::vector<Published> keys;
};

struct Stream {
    Meta meta;
    Entries log;
    [[nodiscard]] Position head() const noexcept;
    [[nodiscard]] std::uint64_t check_at(std::uint64_t seq) const noexcept;
};

// What a master tells its replicas: effects, never commands, for their clocks differ.
struct Effect {
    std::size_t stream = 0;
    Meta meta;
    Entries added;
    std::string message;  // what is published
};

class Server {
public:
    // Executes one script. `effect` is set when it changed something.
    Reply execute(const Command& command, std::int64_t now_ms, Mutation mutation,
                  std::shared_ptr<Effect>& effect);
    void apply(const Effect& effect);
    [[nodiscard]] const Stream& stream(std::size_t at) const noexcept { return streams_[at]; }

private:
    struct Call {
        Stream& stream;
        const Command& command;
        std::int64_t now_ms;
        Mutation mutation;
        Reply& reply;
        Entries& added;
    };
    static Status claim(const Call& call);
    static Status append(const Call& call);
    static Status renew(const Call& call);
    static Status finish(const Call& call);
    static Status publish(const Call& call);
    static Status read(const Call& call);

    std::array<Stream, kStreams> streams_;
};

}  // namespace streamhost::sim
