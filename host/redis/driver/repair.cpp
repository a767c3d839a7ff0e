#include "redis/driver/repair.hpp"

#include <utility>

#include "redis/driver/lua_scripts.hpp"

namespace streamhost::redis {

void Repair::home(const std::string& name, Done done) {
    const auto [entry, is_new] = work_.try_emplace(name);
    entry->second.done.push_back(std::move(done));
    if (!is_new) return;
    const std::vector<Call> calls = keeper_.calls_of(name);
    entry->second.left = calls.size() + 1;  // one for this function, so that nothing ends inside of it
    for (const Call& call : calls) {
        const auto heard = [this, name, call](const Reply& reply) {
            count(call, reply);
            answered(name, reply.status);
        };
        if (context_.send({name, kTimeoutMs}, call, heard) != store::Submit::kAccepted)
            answered(name, store::Status::kUnavailable);
    }
    context_.later([this, name] { answered(name, store::Status::kOk); });
}

void Repair::count(const Call& call, const Reply& reply) {
    // The same claim is answered alike, whether it was there or not.
    if (&call.script() == &lua::kClaim) return;
    const bool is_new = reply.status == store::Status::kOk && reply.value[0].is(RespType::kInteger) &&
                        reply.value[0].integer() == static_cast<std::int64_t>(store::Status::kOk);
    if (is_new) ++reapplied_;
}

void Repair::answered(const std::string& name, store::Status status) {
    const auto found = work_.find(name);
    if (found == work_.end()) return;
    if (status == store::Status::kTimeout || status == store::Status::kUnavailable)
        found->second.outcome = Outcome::kPartial;
    if (--found->second.left > 0) return;
    const Outcome outcome = found->second.outcome;
    auto done = std::move(found->second.done);
    work_.erase(found);
    for (auto& each : done)
        each(outcome);
}

void Repair::all() {
    const std::vector<std::string> homes = keeper_.homes();
    waiting_.assign(homes.begin(), homes.end());
    next_homes();
}

void Repair::next_homes() {
    while (at_once_ < kHomesAtOnce && !waiting_.empty()) {
        const std::string name = std::move(waiting_.front());
        waiting_.pop_front();
        ++at_once_;
        home(name, [this](Outcome) {
            --at_once_;
            next_homes();
        });
    }
}

}  // namespace streamhost::redis
