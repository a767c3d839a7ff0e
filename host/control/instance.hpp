#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/plugin.h"

#include "control/call_gate.hpp"
#include "control/catalogue.hpp"
#include "control/owned_handles.hpp"
#include "control/start_hold.hpp"

namespace streamhost::control {

/// What a life cycle function answered, in one sentence when it is not SH_OK.
struct HookAnswer {
    sh_status status = SH_OK;
    std::string text;
    [[nodiscard]] bool ok() const { return status == SH_OK; }
};

/// How the registry and the tickets count what an instance has under way. Written by them alone.
struct InstanceUse {
    std::atomic<std::uint32_t> tickets{0};          ///< opened by this instance, answer not delivered yet
    std::atomic<bool> tickets_closed{false};        ///< no new ones
    std::atomic<std::uint64_t> doubled_answers{0};  ///< its bugs, for its entry in the report
    bool may_provide = false;  ///< [control] between start() and the closing of its services
    bool published = false;    ///< [control] its services are visible
};

/// The problem: code of many hands is called through bare C function pointers, with an opaque `self` and a
/// host pointer that comes back from any thread, possibly after the end.
///
/// One instance of a plugin: the identity behind sh_host.self, its functions behind an exception barrier, and
/// the list of what it acquired. Counted by shared_ptr: work that waits in an inbox keeps the shell alive,
/// and the gate keeps it from calling in.
class Instance : public std::enable_shared_from_this<Instance> {
public:
    /// What every plugin is offered; lives longer than all instances.
    struct Offer {
        const char* version = "";
        const void* (*extension)(const sh_host* host, const char* id) = nullptr;
        void* context = nullptr;  ///< for the functions of extensions: see context()
        std::uint32_t loop_count = 0;
    };
    /// An exception that left a plugin's function. Any thread; must not throw.
    using FaultSink = std::function<void(const Instance&, std::string_view hook, std::string_view what)>;

    Instance(std::uint64_t id, LoadedPlugin plugin, const Offer& offer, FaultSink on_fault);
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// [any] Who calls? For hosts made by an Instance.
    [[nodiscard]] static Instance& of(const sh_host* host) noexcept {
        return *static_cast<Instance*>(host->self);
    }

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }  ///< 1, 2, ... in the process
    [[nodiscard]] const std::string& name() const noexcept { return plugin_.descriptor.name; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return plugin_.library->generation; }
    [[nodiscard]] const PluginDescriptor& descriptor() const noexcept { return plugin_.descriptor; }
    [[nodiscard]] void* context() const noexcept { return context_; }
    [[nodiscard]] std::string label() const;  ///< "chat (generation 2)"

    // [control] The life cycle, each behind the barrier. An exception becomes SH_INTERNAL with its text.
    [[nodiscard]] HookAnswer create();
    [[nodiscard]] HookAnswer configure(const sh_config& config);
    [[nodiscard]] HookAnswer start();
    struct Left {
        std::uint32_t count = 0;
        std::string why;
    };
    [[nodiscard]] Left drain(std::uint32_t deadline_ms);
    [[nodiscard]] HookAnswer stop();
    [[nodiscard]] HookAnswer destroy();

    [[nodiscard]] bool has_loop_hooks() const noexcept {
        return functions_.loop_start || functions_.loop_stop;
    }
    [[nodiscard]] HookAnswer loop_start(std::uint32_t loop);  ///< [loop]
    void loop_stop(std::uint32_t loop);                       ///< [loop] if its loop_start() succeeded
    /// [loop] What loop_start() returned there: the context for handlers.
    [[nodiscard]] void* loop_context(std::uint32_t loop) const noexcept { return loops_[loop].context; }

    void run_task(std::uint64_t task) noexcept;  ///< [the target] nothing once the gate is closed
    [[nodiscard]] bool takes_answers() const noexcept { return functions_.complete != nullptr; }
    void complete(std::uint64_t token, const sh_result& result) noexcept;  ///< [the target]

    /// Any other function of the plugin (a route's handler): false when the gate is closed or it threw.
    template <class Call>
    bool call(std::string_view hook, Call&& body) noexcept {
        const CallGate::Scope scope(gate_);
        return scope && guarded(hook, body).ok();
    }

    [[nodiscard]] OwnedHandles& handles() noexcept { return handles_; }
    [[nodiscard]] StartHold& start_hold() noexcept { return start_hold_; }
    [[nodiscard]] CallGate& gate() noexcept { return gate_; }
    [[nodiscard]] InstanceUse& use() noexcept { return use_; }
    [[nodiscard]] std::uint64_t faults() const noexcept { return faults_.load(std::memory_order_relaxed); }

private:
    template <class Call>
    HookAnswer guarded(std::string_view hook, Call&& body) noexcept;
    HookAnswer checked(std::string_view hook, const std::function<sh_status(sh_error*)>& body);
    HookAnswer fault(std::string_view hook, std::string_view what) noexcept;

    struct LoopSlot {  // each written by its own loop
        void* context = nullptr;
        bool started = false;
    };

    const std::uint64_t id_;
    const LoadedPlugin plugin_;
    void* const context_;
    const FaultSink on_fault_;
    sh_host host_{};
    sh_plugin functions_{};
    std::vector<LoopSlot> loops_;
    StartHold start_hold_;
    OwnedHandles handles_;
    CallGate gate_;
    InstanceUse use_;
    std::atomic<std::uint64_t> faults_{0};
};

template <class Call>
HookAnswer Instance::guarded(std::string_view hook, Call&& body) noexcept {
    try {
        body();
        return {};
    } catch (const std::exception& error) {
        return fault(hook, error.what());
    } catch (...) {
        return fault(hook, "something that is no std::exception");
    }
}

}  // namespace streamhost::control
