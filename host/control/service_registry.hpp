#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/service.h"

#include "control/instance.hpp"

namespace streamhost::control {

/// Who answers for a service now. Recycled, never freed while the registry lives: a late look at one is
/// harmless, because whoever counts itself in looks again whether the lease still points here.
struct alignas(64) ServiceTarget {
    const void* table = nullptr;
    void* self = nullptr;
    Instance* provider = nullptr;
    std::atomic<std::uint32_t> inside{0};  ///< counted calls: workers and control
};

}  // namespace streamhost::control

/// The opaque type of ext/service.h: the slot of one service id.
struct sh_lease {
    std::atomic<streamhost::control::ServiceTarget*> target{nullptr};
    std::string id;
};

namespace streamhost::control {

/// The problem: everybody calls a service all the time, on every thread, while its provider is switched off
/// or replaced, and the caller must neither crash nor wait nor pay for it.
///
/// A lease is a slot per service id that lives as long as the registry. On loops and on the store loop
/// entering is a read of its target: nobody is inside after each loop has passed a round (Quiescence). On
/// other threads it counts. Each thread remembers what it has entered, so that leave() and tickets know which
/// provider a call went to although the lease was given a new one meanwhile.
///
/// Services of a starting instance are kept back until publish(): a failed start was never visible, and a new
/// generation takes over all its services at once.
class ServiceRegistry {
public:
    ServiceRegistry() = default;
    ServiceRegistry(const ServiceRegistry&) = delete;
    ServiceRegistry& operator=(const ServiceRegistry&) = delete;

    /// [any] See ext/service.h. SH_INTERNAL beyond kMaxNested entered services of one thread.
    static constexpr std::uint32_t kMaxNested = 16;
    [[nodiscard]] static sh_status enter(const sh_lease* lease, const void** table, void** self) noexcept;
    static void leave(const sh_lease* lease) noexcept;
    [[nodiscard]] static std::uint32_t entered() noexcept;  ///< services that this thread is inside of

    // [control] For the bridge.
    /// SH_FORBIDDEN: the descriptor does not list the id. SH_CONFLICT: offered already, by it or another
    /// plugin. SH_GONE: before start() or after the services were closed.
    [[nodiscard]] sh_status provide(Instance& by, std::string_view id, const void* table, void* self);
    /// A service without a public id, for callbacks: its lease is handed to one other plugin. NULL before
    /// start() or after the services were closed.
    [[nodiscard]] const sh_lease* expose(Instance& by, const void* table, void* self);
    /// NULL when the descriptor does not list the id as required or optional.
    [[nodiscard]] const sh_lease* acquire(Instance& user, std::string_view id);
    /// For the host itself, which is no instance and leaves no edge.
    [[nodiscard]] const sh_lease* of_host(std::string_view id) { return &slot(id); }

    // [control] For the life cycle, in this order.
    void admit(Instance& by);    ///< start() is about to be called: provide() works from now on
    void publish(Instance& by);  ///< its services become, or take over, the targets of their leases
    void close(Instance& by);    ///< nobody can enter any more; who is inside goes on
    /// Counted calls inside of its services; 0 means quiet once the loops have passed a round after close().
    [[nodiscard]] std::uint32_t inside(const Instance& by) const;
    [[nodiscard]] std::string inside_text(const Instance& by) const;  ///< "2 in streamhost.chat/1"
    void forget(Instance& by);  ///< after quiet: drops its services and its edges

    struct Edge {
        std::string user;
        std::string service;
        std::string provider;  ///< empty: nobody provides it now
        bool required = false;
    };
    [[nodiscard]] std::vector<Edge> edges() const;  ///< [control] uses and used-by, sorted by user
    [[nodiscard]] bool has_provider(std::string_view id) const;  ///< [control] a published one

private:
    struct Offer {
        sh_lease* lease;
        ServiceTarget* target;
    };
    struct Party {
        Instance* instance = nullptr;
        std::vector<Offer> offers;
        std::vector<const sh_lease*> leases;
    };
    sh_lease& slot(std::string_view id);
    void offer(Instance& by, sh_lease& lease, const void* table, void* self);
    ServiceTarget& new_target();
    Party& party(Instance& instance) { return parties_[instance.id()]; }
    [[nodiscard]] bool taken(const Instance& by, const sh_lease& lease) const;

    std::map<std::string, std::unique_ptr<sh_lease>, std::less<>> leases_;
    std::map<std::uint64_t, Party> parties_;  // by instance id
    std::deque<ServiceTarget> targets_;       // stable addresses
    std::vector<ServiceTarget*> free_targets_;
    std::uint64_t exposed_ = 0;
};

/// [any] The provider that a call through this lease reaches on this thread now: the one it has entered, else
/// the present target; nullptr without one. Its address is for comparing only, unless entered.
[[nodiscard]] const Instance* provider_of(const sh_lease* lease) noexcept;

}  // namespace streamhost::control
