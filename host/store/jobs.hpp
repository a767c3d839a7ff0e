#pragma once
// Who works on which run. Two tools: the list of open runs, which makes sure that nothing that was started
// can be forgotten, and the queue, which makes sure that somebody starts. Neither gives exclusion: a run is
// safe by its fence.

#include <cstdint>
#include <span>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

inline constexpr std::size_t kMaxTake = 256;  ///< members or jobs of one take

/// Names (shards, queues, consumers, members): 1 .. 256 bytes without control characters, '{' and '}'.
/// Adds a member or moves its check time. Written before the run is made. kOk.
struct OpenPutRequest {
    std::string_view shard = {};
    std::string_view member = {};
    std::uint32_t due_in_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Takes the members that are due, soonest first, by moving their time to `ahead_ms` from now, in one step:
/// of many nodes that ask, one gets each member, and if it dies another does after `ahead_ms`. kOk, also with
/// none.
struct OpenTakeRequest {
    std::string_view shard = {};
    std::uint32_t ahead_ms = 3000;
    std::uint32_t max = 64;  ///< 1 .. kMaxTake
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk · kNotFound (also the second time).
struct OpenRemoveRequest {
    std::string_view shard = {};
    std::string_view member = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct OpenResult {
    Status status = Status::kGone;
    std::span<const std::string_view> members = {};  ///< take
    std::uint64_t size = 0;                          ///< Members of the shard after the command.
};
using OpenDone = UniqueFunction<void(const OpenResult&)>;

/// At least once: a repeat after a lost answer queues a second job; the claim of the run sorts that out. kOk
/// · kFull.
struct PushRequest {
    std::string_view queue = {};
    std::string_view payload = {};  ///< Up to 64 KiB.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Takes jobs for a consumer: first those that another took `idle_ms` ago and never acknowledged (deliveries
/// + 1), then new ones, oldest first. With none, waits up to `wait_ms`; then kTimeout. A new job goes to one
/// waiting take.
struct TakeRequest {
    std::string_view queue = {};
    std::string_view consumer = {};
    std::uint32_t max = 1;      ///< 1 .. kMaxTake
    std::uint32_t wait_ms = 0;  ///< 0 .. 60 s
    std::uint32_t idle_ms = 0;  ///< 0: leave others' jobs alone.
};

/// The job is done with. kOk; `count` = how many were still pending (a repeat: 0).
struct AckRequest {
    std::string_view queue = {};
    std::span<const std::string_view> jobs = {};  ///< 1 .. kMaxTake
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct DepthRequest {
    std::string_view queue = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct Job {
    std::string_view id = {};  ///< Given by the store.
    std::string_view payload = {};
    std::uint32_t deliveries = 1;
};

struct QueueResult {
    Status status = Status::kGone;
    std::span<const Job> jobs = {};  ///< take
    std::string_view id = {};        ///< push
    std::uint64_t count = 0;         ///< ack
    std::uint64_t waiting = 0;       ///< depth: not taken yet
    std::uint64_t pending = 0;       ///< depth: taken, not acknowledged
};
using QueueDone = UniqueFunction<void(const QueueResult&)>;

/// [store]
class JobCommands {
public:
    virtual ~JobCommands() = default;

    [[nodiscard]] virtual Submit open_put(const OpenPutRequest& request, OpenDone done) = 0;
    [[nodiscard]] virtual Submit open_take(const OpenTakeRequest& request, OpenDone done) = 0;
    [[nodiscard]] virtual Submit open_remove(const OpenRemoveRequest& request, OpenDone done) = 0;

    [[nodiscard]] virtual Submit push(const PushRequest& request, QueueDone done) = 0;
    [[nodiscard]] virtual Submit take(const TakeRequest& request, QueueDone done) = 0;
    [[nodiscard]] virtual Submit ack(const AckRequest& request, QueueDone done) = 0;
    [[nodiscard]] virtual Submit depth(const DepthRequest& request, QueueDone done) = 0;
};

}  // namespace streamhost::store
