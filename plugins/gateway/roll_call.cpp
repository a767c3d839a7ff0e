#include "roll_call.hpp"

#include "streamhost/status.hpp"

#include "client.hpp"
#include "door.hpp"

namespace gateway {

void RollCall::registered(sh_connection id) {
    remove(id);
    places_.emplace(id, order_.insert(order_.end(), id));
}

void RollCall::remove(sh_connection id) {
    const auto found = places_.find(id);
    if (found == places_.end()) return;
    order_.erase(found->second);
    places_.erase(found);
}

void RollCall::tick(std::int64_t now_ms) {
    if (now_ms < due_ms_) return;
    due_ms_ = now_ms + kPeriodMs;
    ask();
}

void RollCall::ask() {
    if (is_asking_ || order_.empty()) return;
    const sh_connection id = order_.front();
    const Client* client = loop_.find(id);
    if (client == nullptr) return remove(id);
    is_asking_ = true;
    loop_.door.pending.fetch_add(1, std::memory_order_relaxed);
    const sh_session_join join = client->registration();
    loop_.door.services.join(SH_ON_LOOP(SH_CONNECTION_LOOP(id)), join, [this, id](const sh_result& result) {
        loop_.door.pending.fetch_sub(1, std::memory_order_relaxed);
        is_asking_ = false;
        answered(id, result);
    });
}

void RollCall::answered(sh_connection id, const sh_result& result) {
    if (!places_.contains(id)) return ask();   // it left meanwhile: the next one is the oldest
    if (result.status == SH_CONFLICT) return;  // known, and so is everybody behind it
    if (streamhost::is_retryable(result.status)) return;
    if (result.status == SH_FORBIDDEN) {
        remove(id);
        loop_.find(id)->disown();
    } else {
        registered(id);
    }
    if (result.status == SH_OK || result.status == SH_FORBIDDEN) ask();
}

}  // namespace gateway
