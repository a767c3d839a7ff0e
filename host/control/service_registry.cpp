#include "control/service_registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/fault.hpp"

namespace streamhost::control {
namespace {

struct Entered {
    const sh_lease* lease;
    ServiceTarget* target;
    bool counted;
};

/// Plain data without destructor, so that a thread's end needs nothing.
struct EnteredStack {
    std::uint32_t depth;
    std::array<Entered, ServiceRegistry::kMaxNested> items;

    Entered* find(const sh_lease* lease) {
        for (std::uint32_t i = depth; i > 0; --i) {
            if (items[i - 1].lease == lease) return &items[i - 1];
        }
        return nullptr;
    }
};
constinit thread_local EnteredStack entered_stack{};

/// Count first, then look whether the lease still points there; close() takes the target away first and
/// counts then. All seq_cst: one of the two sees the other.
ServiceTarget* enter_counted(const sh_lease& lease) noexcept {
    ServiceTarget* target = lease.target.load();
    while (target != nullptr) {
        target->inside.fetch_add(1);
        ServiceTarget* const again = lease.target.load();
        if (again == target) return target;
        target->inside.fetch_sub(1);
        target = again;
    }
    return nullptr;
}

}  // namespace

sh_status ServiceRegistry::enter(const sh_lease* lease, const void** table, void** self) noexcept {
    EnteredStack& stack = entered_stack;
    if (stack.depth == kMaxNested) {
        runtime::fault("lease enter", "too many services entered on one thread: a leave() is missing");
        return SH_INTERNAL;
    }
    const bool counted = !in_round();
    ServiceTarget* const target = counted ? enter_counted(*lease) : lease->target.load();
    if (target == nullptr) return SH_UNAVAILABLE;
    stack.items[stack.depth++] = {lease, target, counted};
    *table = target->table;
    *self = target->self;
    return SH_OK;
}

void ServiceRegistry::leave(const sh_lease* lease) noexcept {
    EnteredStack& stack = entered_stack;
    Entered* const at = stack.find(lease);
    if (at == nullptr) {
        runtime::fault("lease leave", "this thread has not entered the service");
        return;
    }
    if (at->counted) at->target->inside.fetch_sub(1);
    std::move(at + 1, stack.items.data() + stack.depth, at);
    --stack.depth;
}

std::uint32_t ServiceRegistry::entered() noexcept { return entered_stack.depth; }

const Instance* provider_of(const sh_lease* lease) noexcept {
    if (const Entered* at = entered_stack.find(lease)) return at->target->provider;
    if (in_round()) {
        const ServiceTarget* const target = lease->target.load();
        return target == nullptr ? nullptr : target->provider;
    }
    ServiceTarget* const target = enter_counted(*lease);
    if (target == nullptr) return nullptr;
    const Instance* const provider = target->provider;
    target->inside.fetch_sub(1);
    return provider;
}

sh_lease& ServiceRegistry::slot(std::string_view id) {
    if (const auto at = leases_.find(id); at != leases_.end()) return *at->second;
    auto lease = std::make_unique<sh_lease>();
    lease->id = id;
    return *leases_.emplace(std::string(id), std::move(lease)).first->second;
}

ServiceTarget& ServiceRegistry::new_target() {
    if (free_targets_.empty()) return targets_.emplace_back();
    ServiceTarget& target = *free_targets_.back();
    free_targets_.pop_back();
    return target;
}

/// Offered by this instance already, or by another plugin. An older generation of the same plugin does not
/// count: its successor takes over when it is published.
bool ServiceRegistry::taken(const Instance& by, const sh_lease& lease) const {
    for (const auto& [id, party] : parties_) {
        if (party.instance->name() == by.name() && id != by.id()) continue;
        if (std::any_of(party.offers.begin(), party.offers.end(),
                        [&](const Offer& offer) { return offer.lease == &lease; })) {
            return true;
        }
    }
    return false;
}

sh_status ServiceRegistry::provide(Instance& by, std::string_view id, const void* table, void* self) {
    if (!by.descriptor().provides(id)) return SH_FORBIDDEN;
    if (table == nullptr) return SH_INVALID;
    if (!by.use().may_provide) return SH_GONE;
    sh_lease& lease = slot(id);
    if (taken(by, lease)) return SH_CONFLICT;
    offer(by, lease, table, self);
    return SH_OK;
}

void ServiceRegistry::offer(Instance& by, sh_lease& lease, const void* table, void* self) {
    ServiceTarget& target = new_target();
    target.table = table;
    target.self = self;
    target.provider = &by;
    party(by).offers.push_back({&lease, &target});
    if (by.use().published) lease.target.store(&target);
}

const sh_lease* ServiceRegistry::expose(Instance& by, const void* table, void* self) {
    if (table == nullptr || !by.use().may_provide) return nullptr;
    sh_lease& lease = slot("exposed:" + by.name() + ":" + std::to_string(++exposed_));
    offer(by, lease, table, self);
    return &lease;
}

const sh_lease* ServiceRegistry::acquire(Instance& user, std::string_view id) {
    if (!user.descriptor().uses(id)) return nullptr;
    Party& who = party(user);
    who.instance = &user;
    const sh_lease* const lease = &slot(id);
    if (std::find(who.leases.begin(), who.leases.end(), lease) == who.leases.end())
        who.leases.push_back(lease);
    return lease;
}

void ServiceRegistry::admit(Instance& by) {
    party(by).instance = &by;
    by.use().may_provide = true;
}

void ServiceRegistry::publish(Instance& by) {
    by.use().published = true;
    for (const Offer& offer : party(by).offers)
        offer.lease->target.store(offer.target);
}

void ServiceRegistry::close(Instance& by) {
    by.use().may_provide = false;
    by.use().published = false;
    const auto at = parties_.find(by.id());
    if (at == parties_.end()) return;
    for (const Offer& offer : at->second.offers) {
        ServiceTarget* mine = offer.target;
        offer.lease->target.compare_exchange_strong(mine, nullptr);  // a successor's stays
    }
}

std::uint32_t ServiceRegistry::inside(const Instance& by) const {
    std::uint32_t sum = 0;
    const auto at = parties_.find(by.id());
    if (at == parties_.end()) return 0;
    for (const Offer& offer : at->second.offers)
        sum += offer.target->inside.load();
    return sum;
}

std::string ServiceRegistry::inside_text(const Instance& by) const {
    std::string text;
    const auto at = parties_.find(by.id());
    if (at == parties_.end()) return text;
    for (const Offer& offer : at->second.offers) {
        const std::uint32_t inside = offer.target->inside.load();
        if (inside == 0) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(inside) + " in " + offer.lease->id;
    }
    return text;
}

void ServiceRegistry::forget(Instance& by) {
    const auto at = parties_.find(by.id());
    if (at == parties_.end()) return;
    for (const Offer& offer : at->second.offers) {
        offer.target->provider = nullptr;
        free_targets_.push_back(offer.target);
    }
    parties_.erase(at);
}

std::vector<ServiceRegistry::Edge> ServiceRegistry::edges() const {
    std::vector<Edge> edges;
    for (const auto& [id, user] : parties_) {
        for (const sh_lease* lease : user.leases) {
            const ServiceTarget* const target = lease->target.load();
            const auto& required = user.instance->descriptor().required;
            edges.push_back({user.instance->name(), lease->id,
                             target == nullptr ? "" : target->provider->name(),
                             std::find(required.begin(), required.end(), lease->id) != required.end()});
        }
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& left, const Edge& right) {
        return std::tie(left.user, left.service) < std::tie(right.user, right.service);
    });
    return edges;
}

bool ServiceRegistry::has_provider(std::string_view id) const {
    const auto at = leases_.find(id);
    return at != leases_.end() && at->second->target.load() != nullptr;
}

}  // namespace streamhost::control
