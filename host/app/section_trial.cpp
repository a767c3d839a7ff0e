#include "app/section_trial.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/log.h"
#include "streamhost/abi/ext/metrics.h"
#include "streamhost/abi/ext/node.h"
#include "streamhost/abi/ext/service.h"
#include "streamhost/abi/ext/task.h"

#include "app/plugin_section.hpp"
#include "config/path.hpp"
#include "runtime/role.hpp"

namespace streamhost::app {

namespace {

// A host that leads nowhere. Handles are numbers of nothing, queues are full, services are absent.

template <typename Clock>
std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

constexpr sh_log_ext kLog = {
    sizeof(kLog), 0, [](const sh_host*, std::uint32_t) -> std::uint8_t { return 0; },
    [](const sh_host*, std::uint32_t, sh_bytes, const sh_log_field*, std::uint32_t) {}};

constexpr sh_task_ext kTask = {
    sizeof(kTask),
    1,
    [](const sh_host*, sh_target, std::uint64_t) -> sh_status { return SH_BUSY; },
    [](const sh_host*, sh_target, std::uint64_t, std::uint64_t, std::uint64_t, sh_handle*) -> sh_status {
        return SH_BUSY;
    },
    [](const sh_host*, sh_handle) {},
    [](const sh_host*) -> sh_target { return SH_ON_CONTROL; },
    [](const sh_host*) -> std::int64_t { return now_ms<std::chrono::steady_clock>(); },
    [](const sh_host*) -> std::int64_t { return now_ms<std::chrono::system_clock>(); }};

constexpr sh_async_ext kAsync = {
    sizeof(kAsync),
    0,
    [](const sh_host*, sh_target, std::uint64_t, const sh_lease*, std::uint32_t, sh_ticket*) -> sh_status {
        return SH_BUSY;
    },
    [](const sh_host*, sh_ticket) {},
    [](const sh_host*, sh_ticket, const sh_result*) {},
    [](const sh_host*, const sh_bytes*, std::uint32_t) -> const sh_buffer* { return nullptr; },
    [](const sh_host*, const sh_record*, std::uint32_t) -> const sh_batch* { return nullptr; }};

constexpr sh_service_ext kService = {
    sizeof(kService),
    0,
    [](const sh_host*, const char*, const void*, void*) -> sh_status { return SH_INVALID; },
    [](const sh_host*, const void*, void*) -> const sh_lease* { return nullptr; },
    [](const sh_host*, const char*) -> const sh_lease* { return nullptr; },
    [](const sh_lease*, const void**, void**) -> sh_status { return SH_UNAVAILABLE; },
    [](const sh_lease*) {}};

constexpr sh_metrics_ext kMetrics = {
    sizeof(kMetrics), 0,
    [](const sh_host*, std::uint32_t, const char*, const char*, const sh_label*, std::uint32_t, const double*,
       std::uint32_t) -> sh_metric* { return nullptr; },
    [](sh_metric*, double) {}, [](sh_metric*, double) {}};

constexpr sh_node_ext kNode = {sizeof(kNode),
                               0,
                               [](const sh_host*) { return "trial"; },
                               [](const sh_host*) { return "streamhost"; },
                               [](const sh_host*) -> std::uint32_t { return SH_NODE_STARTING; },
                               [](const sh_host*, const char*, std::uint32_t, sh_bytes) {},
                               [](const sh_host*) -> const sh_buffer* { return nullptr; },
                               [](const sh_host*) -> const sh_buffer* { return nullptr; },
                               [](const sh_host*) { return "0@trial/0"; }};

const void* find_extension(const sh_host* /*host*/, const char* id) {
    const std::string_view wanted(id);
    if (wanted == SH_EXT_LOG) return &kLog;
    if (wanted == SH_EXT_TASK) return &kTask;
    if (wanted == SH_EXT_ASYNC) return &kAsync;
    if (wanted == SH_EXT_SERVICE) return &kService;
    if (wanted == SH_EXT_METRICS) return &kMetrics;
    if (wanted == SH_EXT_NODE) return &kNode;
    return nullptr;
}

std::string_view without_prefix(std::string_view text) {
    const std::size_t colon = text.find(": ");
    const bool has_prefix = text.starts_with("configure() answered") && colon != std::string_view::npos;
    return has_prefix ? text.substr(colon + 2) : text;
}

}  // namespace

control::HookAnswer try_section(const std::shared_ptr<const config::Configuration>& configuration,
                                const control::LoadedPlugin& plugin) {
    control::Instance instance(0, plugin, {"0.0.0", &find_extension, nullptr, 1},
                               [](const control::Instance&, std::string_view, std::string_view) {});
    if (control::HookAnswer created = instance.create(); !created.ok()) return created;
    control::HookAnswer answer;
    with_section(configuration, plugin.descriptor.name,
                 [&](const sh_config& section) { answer = instance.configure(section); });
    (void)instance.destroy();
    return answer;
}

config::Issue refusal_as_issue(const config::Configuration& configuration, const std::string& plugin,
                               const std::string& text) {
    config::Issue issue;
    issue.path = "plugins." + plugin;
    if (const config::Value* section = config::find_path(configuration.root(), issue.path).value)
        issue.where = section->origin;
    const std::string_view said = without_prefix(text);
    const std::size_t end = std::min(said.find_first_of(": "), said.size());
    const std::string_view path = said.substr(0, end);
    issue.problem = said;
    if (!path.starts_with(issue.path + ".")) return issue;
    const config::Value* value = config::find_path(configuration.root(), path).value;
    if (value == nullptr) return issue;
    issue.path = path;
    issue.where = value->origin;
    issue.problem = said.substr(std::min(said.find_first_not_of(": ", end), said.size()));
    return issue;
}

config::Issues try_sections(const std::shared_ptr<const config::Configuration>& configuration,
                            const control::Catalogue& catalogue, const std::set<std::string>& names) {
    const runtime::RoleScope role(runtime::Role::control);
    config::Issues issues;
    for (const std::string& name : names) {
        const control::CatalogueEntry* entry = catalogue.find(name);
        if (entry == nullptr || !entry->loaded) continue;
        const control::HookAnswer answer = try_section(configuration, *entry->loaded);
        if (answer.ok() || answer.status == SH_UNSUPPORTED) continue;
        issues.push_back(refusal_as_issue(*configuration, name, answer.text));
    }
    return issues;
}

}  // namespace streamhost::app
