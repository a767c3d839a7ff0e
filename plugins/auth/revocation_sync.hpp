// The problem: what one node revokes has to hold on all of them within two seconds, whatever the store does
// meanwhile.
//
// One key of the store holds the list. It is read each second and whenever a node says that it changed;
// what is read is merged with what is known (revocation_list.hpp), and when the store lacks any of that, the
// merged list is written back, compared with what was read. So a store that was wiped or came back older gets
// everything again, and a revocation that was made while it was away reaches it later. What is known is never
// forgotten because of the store.
//
// On the store loop, all of it but now_ms(), is_known() and owes_store().
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/store.hpp"

#include "authenticator.hpp"
#include "store_clock.hpp"
#include "telemetry.hpp"

namespace auth {

class RevocationSync {
public:
    static constexpr std::size_t kMaxWaiters = 256;
    static constexpr int kMaxConflicts = 16;  // in a row; then the next second goes on
    static constexpr int kFailuresUntilTold = 2;

    // SH_OK: `entry` is in force on this node, and `is_stored` says whether the others will hear of it now.
    // SH_FULL, SH_NOT_FOUND, SH_BUSY: nothing was changed.
    struct Changed {
        sh_status status = SH_OK;
        Revocation entry;
        bool is_stored = false;
    };
    using Waiter = streamhost::UniqueFunction<void(const Changed&)>;

    RevocationSync(streamhost::Host& host, Authenticator& authenticator, const Telemetry& telemetry,
                   streamhost::Lease<sh_pubsub> pubsub, const sh_lease* topic_events);
    RevocationSync(const RevocationSync&) = delete;
    RevocationSync& operator=(const RevocationSync&) = delete;

    void beat();   // each second
    void heard();  // another node changed the list
    // names, name, before_ms and reason count; `waiter` hears once, when the store was asked.
    void revoke(Revocation wanted, Waiter waiter);
    void withdraw(const std::string& id, Waiter waiter);

    // By the clock that all nodes share, as soon as the list was asked for once. [any]
    [[nodiscard]] std::int64_t now_ms() const noexcept {
        return clock_.now_ms(host_.monotonic_ms(), host_.wall_ms());
    }
    // Whether the list was read once. [any]
    [[nodiscard]] bool is_known() const noexcept { return is_known_.load(); }
    // Whether something was revoked or withdrawn here that the store does not have. [any]
    [[nodiscard]] bool owes_store() const noexcept { return owes_store_.load(); }

private:
    struct Pending {
        Revocation entry;
        Waiter waiter;
    };
    void apply(Revocation entry, Waiter waiter);
    void begin();
    void read();
    void found(std::optional<std::string_view> raw);
    void write(std::optional<std::string> before);
    void written(const sh_result& result);
    void finish(sh_status status);
    void tell(sh_status status);
    void publish(RevocationList::Change change);
    void prune();
    void subscribe();
    void say();

    streamhost::Host& host_;
    Authenticator& authenticator_;
    const Telemetry& telemetry_;
    streamhost::Store store_;
    streamhost::Lease<sh_pubsub> pubsub_;
    const sh_lease* topic_events_;

    RevocationList known_;
    std::optional<std::string> last_raw_;  // as it was read last
    bool is_settled_ = false;              // it said the same as known_ then, and does still
    StoreClock clock_;
    std::int64_t pruned_ms_ = 0;  // when known_ was freed of what had ended
    std::vector<Pending> waiting_;
    std::vector<Pending> serving_;  // of the round under way
    bool is_busy_ = false;
    bool is_wanted_again_ = false;
    int conflicts_ = 0;
    int failures_ = 0;
    std::atomic<bool> is_known_{false};
    std::atomic<bool> owes_store_{false};
};

}  // namespace auth
