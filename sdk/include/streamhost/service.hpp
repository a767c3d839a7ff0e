// A typed lease: the way to call another plugin, safe against its being switched off or replaced.
#pragma once

#include <cstddef>

#include "streamhost/abi/ext/service.h"

namespace streamhost {

// Whether a table has a function that came later, as its provider may be older than that or without it:
// has(table, table.count).
template <typename Table, typename Function>
[[nodiscard]] bool has(const Table& table, const Function& function) noexcept {
    const auto end = reinterpret_cast<const char*>(&function + 1) - reinterpret_cast<const char*>(&table);
    return static_cast<std::size_t>(end) <= table.struct_size && function != nullptr;
}

// Copyable; valid as long as the plugin that acquired it. Table is the C struct of svc/<name>.h.
template <typename Table>
class Lease {
public:
    Lease() = default;
    Lease(const sh_service_ext* ext, const sh_lease* lease) : ext_(ext), lease_(lease) {}

    // body(const Table&, void* self) runs while the provider cannot go away. SH_UNAVAILABLE without a
    // provider, else SH_OK. Do not block in it on [loop] and [store]. [any]
    template <typename Body>
    sh_status call(Body&& body) const {
        const void* table = nullptr;
        void* self = nullptr;
        if (lease_ == nullptr) return SH_UNAVAILABLE;
        if (const sh_status status = ext_->enter(lease_, &table, &self); status != SH_OK) return status;
        struct Leave {
            const Lease& held;
            ~Leave() { held.ext_->leave(held.lease_); }
        } leave{*this};
        body(*static_cast<const Table*>(table), self);
        return SH_OK;
    }
    [[nodiscard]] const sh_lease* get() const noexcept { return lease_; }

private:
    const sh_service_ext* ext_ = nullptr;
    const sh_lease* lease_ = nullptr;
};

}  // namespace streamhost
