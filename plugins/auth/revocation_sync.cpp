#include "revocation_sync.hpp"

#include <algorithm>
#include <utility>

namespace auth {

using streamhost::bytes;

namespace {

constexpr std::string_view kKey = "streamhost.auth.revocations";
constexpr std::string_view kTopic = "streamhost.auth.revocations";
// Longer than any entry, so that a list that is missing was lost and did not end.
constexpr std::int64_t kKeyMs = std::int64_t{30} * 24 * 3600 * 1000;
constexpr std::uint32_t kPubsubDeadlineMs = 1'000;

}  // namespace

RevocationSync::RevocationSync(streamhost::Host& host, Authenticator& authenticator,
                               const Telemetry& telemetry, streamhost::Lease<sh_pubsub> pubsub,
                               const sh_lease* topic_events)
    : host_(host),
      authenticator_(authenticator),
      telemetry_(telemetry),
      store_(host),
      pubsub_(pubsub),
      topic_events_(topic_events) {}

// ------------------------------------------------------------------------------------------------ changes

void RevocationSync::revoke(Revocation wanted, Waiter waiter) {
    const std::int64_t at_ms = now_ms();
    prune();
    const Revocation* known = known_.find(wanted.names, wanted.name);
    wanted.end_ms = std::max(at_ms, wanted.before_ms) + authenticator_.keep_ms();
    wanted.changed_ms = known == nullptr ? at_ms : std::max(at_ms, known->changed_ms + 1);
    if (known == nullptr && known_.is_full()) return waiter({SH_FULL, std::move(wanted), false});
    apply(std::move(wanted), std::move(waiter));
}

void RevocationSync::withdraw(const std::string& id, Waiter waiter) {
    prune();
    const Revocation* known = known_.find_id(id);
    if (known == nullptr || known->is_withdrawn) return waiter({SH_NOT_FOUND, {}, false});
    Revocation wanted = *known;
    wanted.is_withdrawn = true;
    wanted.reason.clear();
    wanted.changed_ms = std::max(now_ms(), known->changed_ms + 1);
    apply(std::move(wanted), std::move(waiter));
}

void RevocationSync::apply(Revocation entry, Waiter waiter) {
    if (waiting_.size() >= kMaxWaiters) return waiter({SH_BUSY, std::move(entry), false});
    is_settled_ = false;
    owes_store_.store(true);
    const auto change = known_.merge(entry);
    known_.trim(now_ms());
    publish(change);
    host_.info(entry.is_withdrawn ? "a revocation was withdrawn" : "something was revoked",
               {{"id", id_of(entry)}, {"names", entry.names == Revocation::Names::kUser ? "user" : "token"}});
    const Revocation* merged = known_.find(entry.names, entry.name);
    waiting_.push_back({*merged, std::move(waiter)});
    begin();
}

void RevocationSync::publish(RevocationList::Change change) {
    if (change == RevocationList::Change::kNone) return;
    telemetry_.revocations.set(static_cast<double>(known_.in_force()));
    authenticator_.use(std::make_shared<const RevocationList>(known_), change);
}

void RevocationSync::prune() {
    const std::int64_t at_ms = now_ms();
    // A clock that was ahead is right again: what seemed to have ended has not, and stands in the store.
    if (at_ms < std::exchange(pruned_ms_, at_ms)) is_settled_ = false;
    if (known_.prune(at_ms)) publish(RevocationList::Change::kMilder);
}

// ----------------------------------------------------------------------------------------------- exchange

void RevocationSync::beat() {
    subscribe();
    begin();
}

void RevocationSync::heard() { begin(); }

void RevocationSync::begin() {
    if (is_busy_) {
        is_wanted_again_ = true;
        return;
    }
    is_busy_ = true;
    is_wanted_again_ = false;
    conflicts_ = 0;
    serving_ = std::exchange(waiting_, {});
    read();
}

void RevocationSync::read() {
    store_.run(
        &sh_store_ext::key_get,
        [this](const sh_result& result) {
            const bool is_answer = result.status == SH_OK || result.status == SH_NOT_FOUND;
            if (is_answer) clock_.heard(static_cast<std::int64_t>(result.count), host_.monotonic_ms());
            if (result.status == SH_OK) return found(streamhost::body_of(result));
            if (result.status == SH_NOT_FOUND) return found(std::nullopt);
            finish(result.status);
        },
        bytes(kKey));
}

void RevocationSync::found(std::optional<std::string_view> raw) {
    prune();
    // The rule, each second: nothing is new, there or here.
    if (is_settled_ && raw && raw == last_raw_) return finish(SH_OK);
    RevocationList theirs;
    if (raw) {
        auto list = RevocationList::read(*raw);
        // Of a newer version, or not ours: it is not written over.
        if (!list) return finish(SH_INTERNAL);
        theirs = std::move(*list);
    }
    (void)theirs.prune(now_ms());
    const auto change = known_.merge(theirs);
    known_.trim(now_ms());
    publish(change);
    is_known_.store(true);
    last_raw_ = raw;
    is_settled_ = known_ == theirs;
    if (is_settled_) return finish(SH_OK);
    write(raw ? std::optional<std::string>(*raw) : std::nullopt);
}

void RevocationSync::write(std::optional<std::string> before) {
    const std::string value = known_.write();
    const std::uint32_t condition = before ? SH_KEY_IF_EQUALS : SH_KEY_IF_MISSING;
    store_.run(
        &sh_store_ext::key_set, [this](const sh_result& result) { written(result); }, bytes(kKey),
        bytes(value), kKeyMs, condition, bytes(before.value_or(std::string())));
}

void RevocationSync::written(const sh_result& result) {
    if (result.status == SH_OK) {
        say();
        return finish(SH_OK);
    }
    const bool is_conflict = result.status == SH_CONFLICT || result.status == SH_NOT_FOUND;
    if (!is_conflict || ++conflicts_ > kMaxConflicts) return finish(is_conflict ? SH_BUSY : result.status);
    read();
}

void RevocationSync::finish(sh_status status) {
    is_busy_ = false;
    if (status == SH_OK && waiting_.empty()) owes_store_.store(false);
    for (Pending& served : std::exchange(serving_, {}))
        served.waiter({SH_OK, std::move(served.entry), status == SH_OK});
    tell(status);
    if (is_wanted_again_ || !waiting_.empty()) begin();
}

void RevocationSync::tell(sh_status status) {
    const int before = failures_;
    failures_ = status == SH_OK ? 0 : std::min(failures_ + 1, kFailuresUntilTold);
    if (status != SH_OK) telemetry_.revocation_failures.add();
    if (failures_ == before) return;
    if (failures_ == 0 && before == kFailuresUntilTold) {
        host_.set_health("revocations", SH_HEALTH_OK);
        host_.info("the shared revocations are read again");
    }
    if (failures_ < kFailuresUntilTold) return;
    const std::string_view why =
        status == SH_INTERNAL
            ? "the shared revocations are not in a form that this version reads; what is known stays in force"
            : "the store is not reached: what other nodes revoke is not known, what is known stays in force";
    host_.set_health("revocations", SH_HEALTH_DEGRADED, why);
    host_.warn(why);
}

// ------------------------------------------------------------------------------------------------- topics

// Each second, since pubsub may have been replaced meanwhile; a repeat is cheap. Without topics the list is
// read each second all the same.
void RevocationSync::subscribe() {
    host_.ask(
        SH_ON_STORE, pubsub_, kPubsubDeadlineMs,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.subscribe(self, bytes(kTopic), 0, topic_events_, ticket);
        },
        [](const sh_result&) {});
}

void RevocationSync::say() {
    host_.ask(
        SH_ON_STORE, pubsub_, kPubsubDeadlineMs,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.publish(self, bytes(kTopic), bytes(host_.node_id()), ticket);
        },
        [](const sh_result&) {});
}

}  // namespace auth
