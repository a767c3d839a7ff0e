#include "bridge/house.hpp"

#include <string_view>

#include "bridge/extensions.hpp"

namespace streamhost::bridge {

observe::Log House::log_of(const control::Instance& instance) {
    {
        const std::shared_lock lock(logs_mutex_);
        const auto found = logs_.find(instance.name());
        if (found != logs_.end()) return found->second;
    }
    const std::unique_lock lock(logs_mutex_);
    return logs_.try_emplace(instance.name(), "plugin." + instance.name()).first->second;
}

const void* find_extension(const sh_host* /*host*/, const char* id) {
    struct Known {
        std::string_view id;
        const void* table;
    };
    static const Known kKnown[] = {
        {SH_EXT_LOG, &log_table()},           {SH_EXT_TASK, &task_table()},
        {SH_EXT_ASYNC, &async_table()},       {SH_EXT_SERVICE, &service_table()},
        {SH_EXT_METRICS, &metrics_table()},   {SH_EXT_NODE, &node_table()},
        {SH_EXT_HTTP, &http_table()},         {SH_EXT_WEBSOCKET, &websocket_table()},
        {SH_EXT_DELIVERY, &delivery_table()}, {SH_EXT_STORE, &store_table()},
        {SH_EXT_LIMITS, &limits_table()},     {SH_EXT_EXCHANGE, &exchange_table()},
    };
    for (const Known& known : kKnown) {
        if (known.id == id) return known.table;
    }
    return nullptr;
}

sh_status status_of(control::OwnedHandles::Refusal refusal) {
    switch (refusal) {
    case control::OwnedHandles::Refusal::none: return SH_OK;
    case control::OwnedHandles::Refusal::full: return SH_BUSY;
    case control::OwnedHandles::Refusal::closed: return SH_GONE;
    }
    return SH_INTERNAL;
}

}  // namespace streamhost::bridge
