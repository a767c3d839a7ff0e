#pragma once
// The log commands. Each is one atomic step of the store; each may be repeated after a lost answer and then
// has the effect of one.
//
// A stream id is `<home>` or `<home>.<local>`: home `[A-Za-z0-9_-]+`, local `[A-Za-z0-9_.-]+`, at most 128
// bytes together. A stream is *owned* (claim + append: one producer, fenced, it numbers and chains) or
// *shared* (publish, send: the store numbers and chains). The first write decides; the other kind answers
// kConflict for as long as the stream is known.
//
// Bounds: an owned stream over its bound answers kFull, only its end still fits. A shared one drops its
// oldest entries (`base` rises); it is never full and never ends. Lifetimes stand in limits.hpp.
//
// All views of a request need to live until the call returns, those of a result until its completion returns.
// Buffers may be kept.

#include <cstdint>
#include <span>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/chain.hpp"
#include "store/record.hpp"
#include "store/status.hpp"

namespace streamhost::store {

inline constexpr std::size_t kMaxTailIds = 64;  ///< ids of one `tail` (8,000 stalled a Redis for 52 ms)
inline constexpr std::size_t kMaxBatch = 256;   ///< entries of one append or publish
inline constexpr std::uint32_t kDefaultTimeoutMs = 2000;

enum class Mode : std::uint8_t { kOwned = 1, kShared = 2 };
enum class State : std::uint8_t { kOpen = 1, kComplete = 2, kCancelled = 3, kError = 4, kLost = 5 };

/// What is known of a stream. kNoStream: all zero.
struct StreamInfo {
    Mode mode = Mode::kShared;
    State state = State::kOpen;
    Position base = {};  ///< The newest entry that was trimmed; the oldest kept is base.seq + 1.
    Position head = {};  ///< The newest entry.
    std::uint64_t fence = 0;
    std::uint64_t claims = 0;     ///< How many fences were given out: the delivery count of a run.
    std::int64_t left_ms = 0;     ///< Rest of the producer's lease; 0 = lapsed or none. In the first seconds
                                  ///< behind a change of master never 0 while open: nobody knows.
    std::int64_t created_ms = 0;  ///< Store time.
    std::string_view user = {};   ///< Of the first write.
};

enum class IfMissing : std::uint8_t { kCreate = 1, kRefuse = 2 };
/// kOwner: kForbidden when the stream has another user.
enum class Access : std::uint8_t { kAny = 1, kOwner = 2 };
/// kPossible: another node may claim the same stream. Behind a change of master the claim then waits, within
/// its deadline, until nodes that were given it by the old one have told the new one.
enum class Rivals : std::uint8_t { kPossible = 1, kNone = 2 };

/// Becomes the producer. kOk (fence, head) · kHeld (left_ms) · kEnded · kConflict · kNoStream (kRefuse) ·
/// kForbidden · kFull (runs of the home). The same `pid` again while its lease lives: the same fence. Fences
/// rise: max(stored + 1, store time in ms).
struct ClaimRequest {
    std::string_view id = {};
    std::uint64_t pid = 0;       ///< One per producer and attempt: random, not 0.
    std::uint32_t lease_ms = 0;  ///< 1 .. 1 h
    std::string_view user = {};  ///< Taken when this creates the stream.
    IfMissing if_missing = IfMissing::kCreate;
    Access access = Access::kAny;
    Rivals rivals = Rivals::kPossible;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Appends records that the caller numbered and chained (chain()); renews the lease. In this order:
/// kNoStream · kConflict (shared) · kFenced (other fence or pid) · ended: kDuplicate if all of it is there,
/// else kEnded · kGap (head) · kDiverged (new entries do not chain from `head`) · kDuplicate, or kConflict
/// with other content, if none is new · kFull · kOk. A part that is there already is dropped. The store
/// sets `fence`, and `ts_ms` where it is 0.
struct AppendRequest {
    std::string_view id = {};
    std::uint64_t fence = 0;
    std::uint64_t pid =
        0;  ///< Of the claim. 0: not compared; a fence that a failover gave twice is not noticed then.
    std::span<const Record> records = {};  ///< 1 .. kMaxBatch
    State end_state = State::kOpen;  ///< Not kOpen if and only if the last record, and no other, is kEnd.
    std::uint32_t lease_ms = 0;      ///< 0: leaves the lease alone; never shortens it.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Keeps the lease while there is nothing to append, never shortens it; `lease_ms` 0 gives it back. kOk ·
/// kNoStream · kConflict · kFenced · kEnded.
struct RenewRequest {
    std::string_view id = {};
    std::uint64_t fence = 0;
    std::uint64_t pid =
        0;  ///< Of the claim. 0: not compared; a fence that a failover gave twice is not noticed then.
    std::uint32_t lease_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Appends to a shared stream, made if missing. kOk, kDuplicate (first, last of the first time) · kConflict
/// (owned) · kForbidden · kTooLarge (more than the stream may hold). The key is remembered for 10 min or
/// 1,024 others.
struct PublishRequest {
    std::string_view id = {};
    std::string_view key = {};            ///< 1 .. 128 bytes; a random one if the client gave none.
    std::span<const Entry> entries = {};  ///< 1 .. kMaxBatch
    std::string_view user = {};
    Access access = Access::kAny;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// A user's message and the run that answers it, in one step: appends `entries` to the home's stream, makes
/// the run's (owned, open, without producer), remembers the key for 24 h. kOk · kDuplicate (answer, first,
/// last of the first time) · kConflict (same key and other hash, the run exists, or `home` is owned) ·
/// kForbidden · kTooLarge · kFull (runs of the home).
struct SendRequest {
    std::string_view home = {};
    std::string_view key = {};            ///< As in publish, in a window of its own.
    std::string_view content_hash = {};   ///< 1 .. 64 bytes
    std::string_view run = {};            ///< Stream id with this home.
    std::span<const Entry> entries = {};  ///< The message first, then the run's first states.
    std::string_view job = {};     ///< What a producer needs, up to 1 MiB; kept with the run until it ends.
    std::string_view answer = {};  ///< Up to 4 KiB; kept with the key.
    std::string_view user = {};    ///< Of the home's stream and of the run, if this makes them.
    Access access = Access::kAny;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Ends an owned stream without a claim: the store numbers and chains. kOk · kDuplicate (this end is there) ·
/// kEnded (another) · kNoStream · kConflict (shared) · kFenced (`if_fence` given and not the stored one).
struct FinishRequest {
    std::string_view id = {};
    State end_state = State::kCancelled;
    Buffer data = {};            ///< JSON members of the end.
    std::uint64_t if_fence = 0;  ///< 0: whoever produces.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Entries from number `from` on, oldest kept first; one at least, even if it is larger than `max_bytes`. kOk
/// · kNoStream.
struct ReadRequest {
    std::string_view id = {};
    std::uint64_t from = 1;
    std::uint32_t max_entries = 1000;    ///< 1 .. 100,000
    std::uint32_t max_bytes = 1U << 20;  ///< Of data.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Where streams stand. kOk, an item per id in the order asked · kTooLarge (over kMaxTailIds).
struct TailRequest {
    std::span<const std::string_view> ids = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// The owned streams `<home>.<...>` that are known, oldest first. kOk, also when there is none.
struct RunsRequest {
    std::string_view home = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct StreamResult {  ///< claim, append, renew, finish
    Status status = Status::kGone;
    StreamInfo info = {};       ///< After the command.
    std::string_view job = {};  ///< claim, kOk: of send
    Position
        last;  ///< append, finish: the last entry of the request, where the status says that it is there.
};

struct PublishResult {  ///< publish, send
    Status status = Status::kGone;
    std::uint64_t first = 0;
    Position last = {};
    std::string_view answer = {};  ///< send
    std::string_view user = {};    ///< Of the stream.
};

struct ReadResult {
    Status status = Status::kGone;
    StreamInfo info = {};
    Position before = {};  ///< The entry before records[0]; before `from` (at most head) when there are none.
    std::span<const Record> records = {};
};

struct StreamItem {
    std::string_view id = {};
    Status status = Status::kNoStream;  ///< kOk · kNoStream · kConflict: what is kept there is no stream's
    StreamInfo info = {};
    std::string_view job = {};  ///< runs
};

struct StreamListResult {  ///< tail, runs
    Status status = Status::kGone;
    std::span<const StreamItem> items = {};
};

using StreamDone = UniqueFunction<void(const StreamResult&)>;
using PublishDone = UniqueFunction<void(const PublishResult&)>;
using ReadDone = UniqueFunction<void(const ReadResult&)>;
using StreamListDone = UniqueFunction<void(const StreamListResult&)>;

/// [store], all of it: calls and completions. See store.hpp for what holds for every command.
class StreamCommands {
public:
    virtual ~StreamCommands() = default;

    [[nodiscard]] virtual Submit claim(const ClaimRequest& request, StreamDone done) = 0;
    [[nodiscard]] virtual Submit append(const AppendRequest& request, StreamDone done) = 0;
    [[nodiscard]] virtual Submit renew(const RenewRequest& request, StreamDone done) = 0;
    [[nodiscard]] virtual Submit publish(const PublishRequest& request, PublishDone done) = 0;
    [[nodiscard]] virtual Submit send(const SendRequest& request, PublishDone done) = 0;
    [[nodiscard]] virtual Submit finish(const FinishRequest& request, StreamDone done) = 0;
    [[nodiscard]] virtual Submit read(const ReadRequest& request, ReadDone done) = 0;
    [[nodiscard]] virtual Submit tail(const TailRequest& request, StreamListDone done) = 0;
    [[nodiscard]] virtual Submit runs(const RunsRequest& request, StreamListDone done) = 0;
};

}  // namespace streamhost::store
