#pragma once
// Small values with an end, and the last messages of a conversation. No key lives for ever: metadata without
// a lifetime is the leak that nobody notices for a year.

#include <cstdint>
#include <span>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/buffer.hpp"
#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

inline constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;
inline constexpr std::int64_t kMaxKeyTtlMs = std::int64_t{30} * 24 * 3600 * 1000;
inline constexpr std::int64_t kMaxFillNs = std::int64_t{24} * 3600 * 1'000'000'000;

enum class KeyIf : std::uint8_t {
    kAlways = 1,
    kMissing = 2,  ///< set only
    kEquals = 3,   ///< The present value is `expected`.
};

/// kOk (value, left_ms) · kNotFound.
struct KeyGetRequest {
    std::string_view key = {};  ///< 1 .. 256 bytes, as the names of jobs.hpp.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk · kConflict (the present value) · kNotFound (kEquals and no key).
struct KeySetRequest {
    std::string_view key = {};
    std::string_view value = {};  ///< 0 .. kMaxValueBytes
    std::int64_t ttl_ms = 0;      ///< 1 .. kMaxKeyTtlMs
    KeyIf condition = KeyIf::kAlways;
    std::string_view expected = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk · kConflict (the present value) · kNotFound.
struct KeyRemoveRequest {
    std::string_view key = {};
    KeyIf condition = KeyIf::kAlways;
    std::string_view expected = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct KeyResult {
    Status status = Status::kGone;
    Buffer value = {};
    std::int64_t left_ms = 0;
    std::int64_t now_ms = 0;  ///< Of a get: what the clock of the store's server says, where it has one.
};
using KeyDone = UniqueFunction<void(const KeyResult&)>;

/// Tokens of a bucket that several nodes share: it holds `burst`, and one comes back every `interval_ns` of
/// the store's clock, which alone counts. Gives as many of `want` as are there. A bucket that is full is
/// forgotten; one that nobody knows is full. (The generic cell rate algorithm of ITU-T I.371, which keeps one
/// time per bucket: when it will be full.)
///
/// kOk, also with none. A repeat after a lost answer takes again once another caller took meanwhile: less is
/// given than could be, never more.
struct RateTakeRequest {
    std::string_view key = {};     ///< 1 .. 256 bytes, as the names of jobs.hpp.
    std::int64_t interval_ns = 0;  ///< 1,000 .. kMaxFillNs, and with `burst` of them not over kMaxFillNs
    std::uint32_t burst = 0;       ///< 1 .. 1,000,000
    std::uint32_t want = 0;        ///< 0 .. 1,000,000; 0: it is to be full again, whatever was taken
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct RateResult {
    Status status = Status::kGone;
    std::uint32_t granted = 0;
    std::int64_t wait_ms = 0;  ///< Until one more is there, where `granted` is less than wanted.
};
using RateDone = UniqueFunction<void(const RateResult&)>;

/// The newest messages of a home (bounded in number, 24 h after the last push). kOk · kDuplicate (id among
/// those kept) · kTooLarge.
struct HistoryPushRequest {
    std::string_view home = {};
    std::string_view id = {};    ///< 1 .. 128 bytes
    std::string_view data = {};  ///< Up to kMaxValueBytes.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// The last `max` of them, oldest first. kOk, also with none.
struct HistoryListRequest {
    std::string_view home = {};
    std::uint32_t max = 50;  ///< 1 .. 200
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk, also with none.
struct HistoryClearRequest {
    std::string_view home = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct HistoryItem {
    std::string_view id = {};
    Buffer data = {};
};

struct HistoryResult {
    Status status = Status::kGone;
    std::span<const HistoryItem> items = {};
};
using HistoryDone = UniqueFunction<void(const HistoryResult&)>;

/// [store]
class KeyCommands {
public:
    virtual ~KeyCommands() = default;

    [[nodiscard]] virtual Submit key_get(const KeyGetRequest& request, KeyDone done) = 0;
    [[nodiscard]] virtual Submit key_set(const KeySetRequest& request, KeyDone done) = 0;
    [[nodiscard]] virtual Submit key_remove(const KeyRemoveRequest& request, KeyDone done) = 0;
    [[nodiscard]] virtual Submit rate_take(const RateTakeRequest& request, RateDone done) = 0;

    [[nodiscard]] virtual Submit history_push(const HistoryPushRequest& request, HistoryDone done) = 0;
    [[nodiscard]] virtual Submit history_list(const HistoryListRequest& request, HistoryDone done) = 0;
    [[nodiscard]] virtual Submit history_clear(const HistoryClearRequest& request, HistoryDone done) = 0;
};

}  // namespace streamhost::store
