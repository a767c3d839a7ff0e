#include "bridge/extensions.hpp"
#include "bridge/house.hpp"

namespace streamhost::bridge {

namespace {

sh_status provide(const sh_host* host, const char* id, const void* table, void* self) {
    if (!runtime::check_role(runtime::Role::control, "service.provide")) return SH_WRONG_ROLE;
    return house_of(host).services.provide(control::Instance::of(host), id, table, self);
}

const sh_lease* expose(const sh_host* host, const void* table, void* self) {
    if (!runtime::check_role(runtime::Role::control, "service.expose")) return nullptr;
    return house_of(host).services.expose(control::Instance::of(host), table, self);
}

const sh_lease* acquire(const sh_host* host, const char* id) {
    if (!runtime::check_role(runtime::Role::control, "service.acquire")) return nullptr;
    return house_of(host).services.acquire(control::Instance::of(host), id);
}

}  // namespace

const sh_service_ext& service_table() {
    static constexpr sh_service_ext kTable = {
        sizeof(sh_service_ext),          0, &provide, &expose, &acquire, &control::ServiceRegistry::enter,
        &control::ServiceRegistry::leave};
    return kTable;
}

}  // namespace streamhost::bridge
