#include "store/validate.hpp"

#include <algorithm>

namespace streamhost::store {
namespace {

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_key(std::string_view key) noexcept { return !key.empty() && key.size() <= kMaxIdBytes; }

bool is_lease(std::uint32_t lease_ms) noexcept { return lease_ms >= 1 && lease_ms <= kMaxLeaseMs; }

template <typename Number>
bool within(Number value, Number low, Number high) noexcept {
    return value >= low && value <= high;
}

Status valid(bool good) noexcept { return good ? Status::kOk : Status::kInvalid; }

Status sized(bool fits) noexcept { return fits ? Status::kOk : Status::kTooLarge; }

Status first_bad(std::initializer_list<Status> found) noexcept {
    for (const Status status : found)
        if (status != Status::kOk) return status;
    return Status::kOk;
}

bool is_type(Type type) noexcept {
    return type == Type::kText || type == Type::kPart || type == Type::kRun || type == Type::kMessage ||
           type == Type::kEnd;
}

bool is_end_state(State state) noexcept {
    return state == State::kComplete || state == State::kCancelled || state == State::kError ||
           state == State::kLost;
}

bool is_access(Access access) noexcept { return access == Access::kAny || access == Access::kOwner; }

bool is_user(std::string_view user) noexcept { return user.empty() || is_name(user); }

Status check_entries(std::span<const Entry> entries) noexcept {
    if (entries.empty()) return Status::kInvalid;
    if (entries.size() > kMaxBatch) return Status::kTooLarge;
    for (const Entry& entry : entries) {
        if (!is_type(entry.type) || entry.type == Type::kEnd) return Status::kInvalid;
        if (entry.data.size() > kMaxEntryBytes) return Status::kTooLarge;
    }
    return Status::kOk;
}

// The hash itself is the producer's word; that the batch is one chain in itself costs only comparisons.
Status check_records(std::span<const Record> records, bool ends) noexcept {
    if (records.empty()) return Status::kInvalid;
    if (records.size() > kMaxBatch) return Status::kTooLarge;
    if (records.front().seq == 0 || records.back().seq > kMaxSeq) return Status::kInvalid;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Record& record = records[i];
        const bool end_here = ends && i + 1 == records.size();
        if (!is_type(record.type) || (record.type == Type::kEnd) != end_here) return Status::kInvalid;
        if (record.data.size() > kMaxEntryBytes) return Status::kTooLarge;
        if (i > 0 && (record.seq != records[i - 1].seq + 1 || record.prev != records[i - 1].check))
            return Status::kInvalid;
    }
    return Status::kOk;
}

Status check_names(std::span<const std::string_view> names, std::size_t most) noexcept {
    if (names.empty()) return Status::kInvalid;
    if (names.size() > most) return Status::kTooLarge;
    return valid(std::all_of(names.begin(), names.end(), is_name));
}

}  // namespace

bool is_home(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), is_word);
}

bool is_stream_id(std::string_view id) noexcept {
    if (id.size() > kMaxIdBytes) return false;
    const std::string_view home = home_of(id);
    if (!is_home(home)) return false;
    if (home.size() == id.size()) return true;
    const std::string_view local = id.substr(home.size() + 1);
    return !local.empty() &&
           std::all_of(local.begin(), local.end(), [](char c) { return is_word(c) || c == '.'; });
}

bool is_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > kMaxNameBytes) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte != 0x7f && c != '{' && c != '}';
    });
}

std::string_view home_of(std::string_view stream_id) noexcept {
    return stream_id.substr(0, std::min(stream_id.find('.'), stream_id.size()));
}

Status check(const ClaimRequest& r) noexcept {
    const bool missing = r.if_missing == IfMissing::kCreate || r.if_missing == IfMissing::kRefuse;
    return valid(is_stream_id(r.id) && r.pid != 0 && is_lease(r.lease_ms) && is_user(r.user) && missing &&
                 is_access(r.access) && r.timeout_ms > 0);
}

Status check(const AppendRequest& r) noexcept {
    const bool ends = is_end_state(r.end_state);
    if (!is_stream_id(r.id) || r.fence == 0 || r.lease_ms > kMaxLeaseMs || r.timeout_ms == 0)
        return Status::kInvalid;
    if (!ends && r.end_state != State::kOpen) return Status::kInvalid;
    return check_records(r.records, ends);
}

Status check(const RenewRequest& r) noexcept {
    return valid(is_stream_id(r.id) && r.fence != 0 && r.lease_ms <= kMaxLeaseMs && r.timeout_ms > 0);
}

Status check(const PublishRequest& r) noexcept {
    const bool shape = is_stream_id(r.id) && is_key(r.key) && is_user(r.user) && is_access(r.access);
    return first_bad({valid(shape && r.timeout_ms > 0), check_entries(r.entries)});
}

Status check(const SendRequest& r) noexcept {
    const bool names = is_home(r.home) && is_key(r.key) && is_user(r.user) && is_stream_id(r.run) &&
                       r.run.size() > r.home.size() && home_of(r.run) == r.home;
    const bool hash = within<std::size_t>(r.content_hash.size(), 1, kMaxHashBytes);
    return first_bad({valid(names && hash && is_access(r.access) && r.timeout_ms > 0),
                      check_entries(r.entries),
                      sized(r.job.size() <= kMaxValueBytes && r.answer.size() <= kMaxSmallBytes)});
}

Status check(const FinishRequest& r) noexcept {
    return first_bad({valid(is_stream_id(r.id) && is_end_state(r.end_state) && r.timeout_ms > 0),
                      sized(r.data.size() <= kMaxEntryBytes)});
}

Status check(const ReadRequest& r) noexcept {
    return valid(is_stream_id(r.id) && within<std::uint64_t>(r.from, 1, kMaxSeq) &&
                 within(r.max_entries, 1U, kMaxReadEntries) && r.timeout_ms > 0);
}

Status check(const TailRequest& r) noexcept {
    if (r.ids.empty() || r.timeout_ms == 0) return Status::kInvalid;
    if (r.ids.size() > kMaxTailIds) return Status::kTooLarge;
    return valid(std::all_of(r.ids.begin(), r.ids.end(), is_stream_id));
}

Status check(const RunsRequest& r) noexcept { return valid(is_home(r.home) && r.timeout_ms > 0); }

Status check(const OpenPutRequest& r) noexcept {
    return valid(is_name(r.shard) && is_name(r.member) && r.timeout_ms > 0);
}

Status check(const OpenTakeRequest& r) noexcept {
    return valid(is_name(r.shard) && r.ahead_ms > 0 && within<std::uint32_t>(r.max, 1, kMaxTake) &&
                 r.timeout_ms > 0);
}

Status check(const OpenRemoveRequest& r) noexcept {
    return valid(is_name(r.shard) && is_name(r.member) && r.timeout_ms > 0);
}

Status check(const PushRequest& r) noexcept {
    return first_bad({valid(is_name(r.queue) && r.timeout_ms > 0), sized(r.payload.size() <= kMaxJobBytes)});
}

Status check(const TakeRequest& r) noexcept {
    return valid(is_name(r.queue) && is_name(r.consumer) && within<std::uint32_t>(r.max, 1, kMaxTake) &&
                 r.wait_ms <= kMaxWaitMs);
}

Status check(const AckRequest& r) noexcept {
    return first_bad({valid(is_name(r.queue) && r.timeout_ms > 0), check_names(r.jobs, kMaxTake)});
}

Status check(const DepthRequest& r) noexcept { return valid(is_name(r.queue) && r.timeout_ms > 0); }

Status check(const SessionPutRequest& r) noexcept {
    const bool shape = is_name(r.session) && is_name(r.node) && is_name(r.user) && is_lease(r.lease_ms);
    return first_bad({valid(shape && r.timeout_ms > 0), sized(r.data.size() <= kMaxSmallBytes)});
}

Status check(const SessionRenewRequest& r) noexcept {
    return first_bad({valid(is_name(r.node) && is_lease(r.lease_ms) && r.timeout_ms > 0),
                      check_names(r.sessions, kMaxRenew)});
}

Status check(const SessionRemoveRequest& r) noexcept {
    return valid(is_name(r.session) && is_name(r.node) && r.timeout_ms > 0);
}

Status check(const SessionListRequest& r) noexcept {
    const bool filters =
        (r.session.empty() || is_name(r.session)) && is_user(r.user) && (r.session.empty() || r.user.empty());
    return valid(filters && within<std::uint32_t>(r.max, 1, kMaxPage) && r.timeout_ms > 0);
}

Status check(const SessionExpireRequest& r) noexcept {
    return valid((r.node.empty() || is_name(r.node)) && within<std::uint32_t>(r.max, 1, kMaxPage) &&
                 r.timeout_ms > 0);
}

Status check(const NodePutRequest& r) noexcept {
    return first_bad({valid(is_name(r.node) && is_lease(r.lease_ms) && r.timeout_ms > 0),
                      sized(r.data.size() <= kMaxSmallBytes)});
}

Status check(const NodeRemoveRequest& r) noexcept { return valid(is_name(r.node) && r.timeout_ms > 0); }

Status check(const NodeListRequest& r) noexcept { return valid(r.timeout_ms > 0); }

Status check(const LockRequest& r) noexcept {
    return valid(is_name(r.name) && is_name(r.owner) && is_lease(r.lease_ms) && r.wait_ms <= kMaxWaitMs &&
                 r.timeout_ms > 0);
}

Status check(const LockRenewRequest& r) noexcept {
    return valid(is_name(r.name) && r.token != 0 && is_lease(r.lease_ms) && r.timeout_ms > 0);
}

Status check(const LockReleaseRequest& r) noexcept {
    return valid(is_name(r.name) && r.token != 0 && r.timeout_ms > 0);
}

Status check(const KeyGetRequest& r) noexcept { return valid(is_name(r.key) && r.timeout_ms > 0); }

Status check(const KeySetRequest& r) noexcept {
    const bool condition =
        r.condition == KeyIf::kAlways || r.condition == KeyIf::kMissing || r.condition == KeyIf::kEquals;
    const bool ttl = within<std::int64_t>(r.ttl_ms, 1, kMaxKeyTtlMs);
    return first_bad({valid(is_name(r.key) && ttl && condition && r.timeout_ms > 0),
                      sized(r.value.size() <= kMaxValueBytes && r.expected.size() <= kMaxValueBytes)});
}

Status check(const KeyRemoveRequest& r) noexcept {
    const bool condition = r.condition == KeyIf::kAlways || r.condition == KeyIf::kEquals;
    return first_bad(
        {valid(is_name(r.key) && condition && r.timeout_ms > 0), sized(r.expected.size() <= kMaxValueBytes)});
}

Status check(const RateTakeRequest& r) noexcept {
    const bool rate = within<std::int64_t>(r.interval_ns, 1'000, kMaxFillNs) &&
                      within(r.burst, 1U, kMaxTokens) && r.interval_ns <= kMaxFillNs / r.burst;
    return valid(is_name(r.key) && rate && r.want <= kMaxTokens && r.timeout_ms > 0);
}

Status check(const HistoryPushRequest& r) noexcept {
    return first_bad(
        {valid(is_home(r.home) && is_key(r.id) && r.timeout_ms > 0), sized(r.data.size() <= kMaxValueBytes)});
}

Status check(const HistoryListRequest& r) noexcept {
    return valid(is_home(r.home) && within(r.max, 1U, kMaxHistory) && r.timeout_ms > 0);
}

Status check(const HistoryClearRequest& r) noexcept { return valid(is_home(r.home) && r.timeout_ms > 0); }

Status check(const HomeRequest& r) noexcept { return valid(is_home(r.home) && r.timeout_ms > 0); }

Status check(const TopicRequest& r) noexcept { return valid(is_name(r.topic) && r.timeout_ms > 0); }

Status check(const TopicPublishRequest& r) noexcept {
    return first_bad(
        {valid(is_name(r.topic) && r.timeout_ms > 0), sized(r.payload.size() <= kMaxValueBytes)});
}

}  // namespace streamhost::store
