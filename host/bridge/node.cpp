#include "bridge/buffers.hpp"
#include "bridge/extensions.hpp"
#include "bridge/house.hpp"

namespace streamhost::bridge {

namespace {

const char* id(const sh_host* host) { return house_of(host).node_id.c_str(); }
const char* name(const sh_host* host) { return house_of(host).server_name.c_str(); }
const char* incarnation(const sh_host* host) { return house_of(host).incarnation.c_str(); }
std::uint32_t phase(const sh_host* host) { return house_of(host).phase.load(std::memory_order_relaxed); }

void set_health(const sh_host* host, const char* component, std::uint32_t state, sh_bytes detail) {
    House& house = house_of(host);
    control::Instance& instance = control::Instance::of(host);
    const HealthKey key{instance.name(), component, instance.id()};
    {
        const std::lock_guard lock(house.health_mutex);
        const auto [entry, is_new] = house.health.try_emplace(key);
        entry->second = {state, std::string(view(detail))};
        if (!is_new) return;
    }
    (void)instance.handles().add({"health entry", {}, [&house, key] {
                                      const std::lock_guard lock(house.health_mutex);
                                      house.health.erase(key);
                                  }});
}

const sh_buffer* report(const sh_host* host) { return make_buffer(house_of(host).report()); }
const sh_buffer* metrics_text(const sh_host* host) {
    return make_buffer(house_of(host).metrics.exposition());
}

}  // namespace

const sh_node_ext& node_table() {
    static constexpr sh_node_ext kTable = {sizeof(sh_node_ext), 0,       &id,           &name,       &phase,
                                           &set_health,         &report, &metrics_text, &incarnation};
    return kTable;
}

}  // namespace streamhost::bridge
