#pragma once
// The shapes of requests, checked before a driver sees them, so that all drivers refuse the same. Each
// answers kOk, kInvalid, kTooLarge.

#include <string_view>

#include "store/store.hpp"

namespace streamhost::store {

inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr std::size_t kMaxNameBytes = 256;
inline constexpr std::size_t kMaxHashBytes = 64;
inline constexpr std::size_t kMaxSmallBytes = 4096;  ///< data of registry entries
inline constexpr std::size_t kMaxJobBytes = 64 * 1024;
inline constexpr std::size_t kMaxEntryBytes = std::size_t{1} << 20;
inline constexpr std::uint32_t kMaxLeaseMs = 3'600'000;
inline constexpr std::uint32_t kMaxWaitMs = 60'000;
inline constexpr std::uint32_t kMaxReadEntries = 100'000;
inline constexpr std::uint32_t kMaxHistory = 200;
inline constexpr std::uint32_t kMaxTokens = 1'000'000;

/// `<home>` or `<home>.<local>`.
[[nodiscard]] bool is_stream_id(std::string_view id) noexcept;
[[nodiscard]] bool is_home(std::string_view id) noexcept;
/// 1 .. kMaxNameBytes bytes without control characters and braces (a brace would move a key to another
/// Cluster slot).
[[nodiscard]] bool is_name(std::string_view name) noexcept;
[[nodiscard]] std::string_view home_of(std::string_view stream_id) noexcept;

[[nodiscard]] Status check(const ClaimRequest& request) noexcept;
[[nodiscard]] Status check(const AppendRequest& request) noexcept;
[[nodiscard]] Status check(const RenewRequest& request) noexcept;
[[nodiscard]] Status check(const PublishRequest& request) noexcept;
[[nodiscard]] Status check(const SendRequest& request) noexcept;
[[nodiscard]] Status check(const FinishRequest& request) noexcept;
[[nodiscard]] Status check(const ReadRequest& request) noexcept;
[[nodiscard]] Status check(const TailRequest& request) noexcept;
[[nodiscard]] Status check(const RunsRequest& request) noexcept;

[[nodiscard]] Status check(const OpenPutRequest& request) noexcept;
[[nodiscard]] Status check(const OpenTakeRequest& request) noexcept;
[[nodiscard]] Status check(const OpenRemoveRequest& request) noexcept;
[[nodiscard]] Status check(const PushRequest& request) noexcept;
[[nodiscard]] Status check(const TakeRequest& request) noexcept;
[[nodiscard]] Status check(const AckRequest& request) noexcept;
[[nodiscard]] Status check(const DepthRequest& request) noexcept;

[[nodiscard]] Status check(const SessionPutRequest& request) noexcept;
[[nodiscard]] Status check(const SessionRenewRequest& request) noexcept;
[[nodiscard]] Status check(const SessionRemoveRequest& request) noexcept;
[[nodiscard]] Status check(const SessionListRequest& request) noexcept;
[[nodiscard]] Status check(const SessionExpireRequest& request) noexcept;
[[nodiscard]] Status check(const NodePutRequest& request) noexcept;
[[nodiscard]] Status check(const NodeRemoveRequest& request) noexcept;
[[nodiscard]] Status check(const NodeListRequest& request) noexcept;

[[nodiscard]] Status check(const LockRequest& request) noexcept;
[[nodiscard]] Status check(const LockRenewRequest& request) noexcept;
[[nodiscard]] Status check(const LockReleaseRequest& request) noexcept;

[[nodiscard]] Status check(const KeyGetRequest& request) noexcept;
[[nodiscard]] Status check(const KeySetRequest& request) noexcept;
[[nodiscard]] Status check(const KeyRemoveRequest& request) noexcept;
[[nodiscard]] Status check(const RateTakeRequest& request) noexcept;
[[nodiscard]] Status check(const HistoryPushRequest& request) noexcept;
[[nodiscard]] Status check(const HistoryListRequest& request) noexcept;
[[nodiscard]] Status check(const HistoryClearRequest& request) noexcept;

[[nodiscard]] Status check(const HomeRequest& request) noexcept;
[[nodiscard]] Status check(const TopicRequest& request) noexcept;
[[nodiscard]] Status check(const TopicPublishRequest& request) noexcept;

}  // namespace streamhost::store
