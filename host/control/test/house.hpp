#pragma once

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/lifecycle.hpp"
#include "runtime/clock.hpp"
#include "runtime/fault.hpp"
#include "runtime/role.hpp"

namespace streamhost::control::test {

/// Rounds pass when the test says so.
class ManualRounds final : public Quiescence {
public:
    void when_quiet(runtime::Task quiet) override { waiting_.push_back(std::move(quiet)); }
    void pass() {
        for (runtime::Task& task : std::exchange(waiting_, {}))
            task();
    }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

private:
    std::vector<runtime::Task> waiting_;
};

/// One queue per target, run by the test under the role that belongs to it.
class Queues {
public:
    bool post(sh_target target, runtime::Task&& task) {
        if (closed_ == target) return false;
        queues_[target].push_back(std::move(task));
        return true;
    }
    void close(sh_target target) { closed_ = target; }
    std::size_t run(sh_target target) {
        const runtime::RoleScope scope(role_of(target));
        auto tasks = std::exchange(queues_[target], {});
        for (runtime::Task& task : tasks)
            task();
        return tasks.size();
    }
    std::size_t run_all() {
        std::size_t count = 0;
        for (const auto& [target, tasks] : std::map<sh_target, bool>{keys()})
            count += run(target);
        return count;
    }
    [[nodiscard]] std::size_t waiting(sh_target target) const {
        const auto at = queues_.find(target);
        return at == queues_.end() ? 0 : at->second.size();
    }

    static runtime::Roles role_of(sh_target target) {
        if (target == SH_ON_CONTROL) return runtime::Role::control;
        if (target == SH_ON_STORE) return runtime::Role::store;
        if (target == SH_ON_SHORT) return runtime::Role::worker_short;
        if (target == SH_ON_LONG) return runtime::Role::worker_long;
        return runtime::Role::loop;
    }

private:
    std::map<sh_target, bool> keys() const {
        std::map<sh_target, bool> keys;
        for (const auto& [target, tasks] : queues_)
            keys[target] = !tasks.empty();
        return keys;
    }
    std::map<sh_target, std::deque<runtime::Task>> queues_;
    sh_target closed_ = 0;
};

/// A plugin inside the test program: every function can be replaced, every call is written down.
struct Script {
    std::vector<std::string> calls;
    std::function<sh_status(const sh_host*, sh_plugin*, sh_error*)> create;
    std::function<sh_status(sh_error*)> configure;
    std::function<sh_status(sh_error*)> start;
    std::function<std::uint32_t(std::uint32_t, sh_error*)> drain;
    std::function<void()> stop;
    std::function<void()> destroy;
    std::function<void*(std::uint32_t)> loop_start;
    std::function<void(std::uint32_t, void*)> loop_stop;
    std::function<void(std::uint64_t)> run_task;
    std::function<void(std::uint64_t, const sh_result&)> complete;
    const sh_host* host = nullptr;

    void fill(sh_plugin& plugin);
    [[nodiscard]] bool called(const std::string& name) const {
        return std::find(calls.begin(), calls.end(), name) != calls.end();
    }
};

inline void say(sh_error* error, const char* text) {
    std::snprintf(error->text, sizeof error->text, "%s", text);
}

inline void Script::fill(sh_plugin& plugin) {
    const auto of = [](void* self) -> Script& { return *static_cast<Script*>(self); };
    static constexpr auto kOf = of;
    plugin.self = this;
    plugin.configure = [](void* self, const sh_config*, sh_error* error) -> sh_status {
        Script& script = kOf(self);
        script.calls.emplace_back("configure");
        return script.configure ? script.configure(error) : SH_OK;
    };
    plugin.start = [](void* self, sh_error* error) -> sh_status {
        Script& script = kOf(self);
        script.calls.emplace_back("start");
        return script.start ? script.start(error) : SH_OK;
    };
    plugin.drain = [](void* self, std::uint32_t deadline_ms, sh_error* why) -> std::uint32_t {
        Script& script = kOf(self);
        script.calls.emplace_back("drain");
        return script.drain ? script.drain(deadline_ms, why) : 0;
    };
    plugin.stop = [](void* self) {
        kOf(self).calls.emplace_back("stop");
        if (kOf(self).stop) kOf(self).stop();
    };
    plugin.destroy = [](void* self) {
        kOf(self).calls.emplace_back("destroy");
        if (kOf(self).destroy) kOf(self).destroy();
    };
    plugin.loop_start = [](void* self, std::uint32_t loop) -> void* {
        kOf(self).calls.push_back("loop_start " + std::to_string(loop));
        return kOf(self).loop_start ? kOf(self).loop_start(loop) : nullptr;
    };
    plugin.loop_stop = [](void* self, std::uint32_t loop, void* context) {
        kOf(self).calls.push_back("loop_stop " + std::to_string(loop));
        if (kOf(self).loop_stop) kOf(self).loop_stop(loop, context);
    };
    plugin.run_task = [](void* self, std::uint64_t task) {
        if (kOf(self).run_task) kOf(self).run_task(task);
    };
    plugin.complete = [](void* self, std::uint64_t token, const sh_result* result) {
        if (kOf(self).complete) kOf(self).complete(token, *result);
    };
}

/// Hands the script to create(), which gets no argument of its own.
inline Script* script_to_create = nullptr;

inline sh_status create_scripted(const sh_host* host, sh_plugin* plugin, sh_error* error) {
    Script& script = *script_to_create;
    script.calls.emplace_back("create");
    script.host = host;
    if (script.create) return script.create(host, plugin, error);
    script.fill(*plugin);
    return SH_OK;
}

inline constexpr sh_entry kScriptedEntry{SH_PLUGIN_MAGIC, SH_ABI_MAJOR,    SH_ABI_MINOR, sizeof(sh_entry), 0,
                                         nullptr,         &create_scripted};

inline LoadedPlugin scripted_plugin(PluginDescriptor descriptor, std::uint64_t generation = 1) {
    static std::deque<Library> libraries;  // instances keep pointers
    return {&libraries.emplace_back(Library{descriptor.name, generation, {}, {}, &kScriptedEntry}),
            std::move(descriptor)};
}

/// Registry, tickets, queues, rounds and time around instances.
struct House {
    static constexpr std::uint32_t kLoops = 2;

    ManualRounds rounds;
    Queues queues;
    runtime::ManualClock clock{1'000};
    ServiceRegistry services;
    std::vector<StepRecord> steps;
    std::vector<std::string> faults;
    std::string no_config;
    std::uint64_t last_id = 0;
    Tickets tickets{
        {.capacity = 8, .per_asker = 6, .loop_count = kLoops},
        [this](sh_target target, runtime::Task&& task) { return queues.post(target, std::move(task)); }};
    LifecyclePorts ports{
        services,
        tickets,
        rounds,
        clock,
        [this](sh_target target, runtime::Task&& task) { return queues.post(target, std::move(task)); },
        {},
        [this](const StepRecord& step) { steps.push_back(step); },
        [this](const PluginDescriptor&, const std::function<void(const sh_config&)>& use) {
            if (!no_config.empty()) return no_config;
            use(sh_config{});
            return std::string();
        },
        kLoops};

    std::shared_ptr<Instance> make(Script& script, PluginDescriptor descriptor,
                                   std::uint64_t generation = 1) {
        script_to_create = &script;
        return std::make_shared<Instance>(
            ++last_id, scripted_plugin(std::move(descriptor), generation),
            Instance::Offer{.version = "0.0.0", .extension = nullptr, .context = this, .loop_count = kLoops},
            [this](const Instance& who, std::string_view hook, std::string_view what) {
                faults.push_back(who.name() + " " + std::string(hook) + ": " + std::string(what));
            });
    }
    /// Past create(), so that its functions can be called.
    std::shared_ptr<Instance> make_created(Script& script, PluginDescriptor descriptor,
                                           std::uint64_t generation = 1) {
        auto instance = make(script, std::move(descriptor), generation);
        static_cast<void>(instance->create());
        return instance;
    }
};

inline PluginDescriptor describe(std::string name, std::vector<std::string> provided = {},
                                 std::vector<std::string> required = {}) {
    PluginDescriptor descriptor;
    descriptor.name = std::move(name);
    descriptor.version = "1.0.0";
    descriptor.provided = std::move(provided);
    descriptor.required = std::move(required);
    return descriptor;
}

/// Faults are expected for the time of a scope: counted, not fatal.
class ExpectFaults {
public:
    ExpectFaults() : before_(runtime::fault_count()) {
        former_ = runtime::set_fault_handler([](std::string_view, std::string_view) noexcept {});
    }
    ~ExpectFaults() { runtime::set_fault_handler(former_); }
    ExpectFaults(const ExpectFaults&) = delete;
    ExpectFaults& operator=(const ExpectFaults&) = delete;
    [[nodiscard]] std::uint64_t count() const { return runtime::fault_count() - before_; }

private:
    std::uint64_t before_;
    runtime::FaultHandler former_;
};

}  // namespace streamhost::control::test
