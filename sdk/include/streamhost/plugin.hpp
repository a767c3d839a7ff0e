// The class a plugin author writes, and the one macro that exports it.
//
//     class Audit : public streamhost::Plugin {
//     public:
//         using Plugin::Plugin;
//         void start() override { host().info("here we are"); }
//     };
//     STREAMHOST_PLUGIN(Audit, {.name = "acme-audit", .version = "1.0.0", .summary = "Writes who did what"})
#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "streamhost/abi/plugin.h"
#include "streamhost/config.hpp"
#include "streamhost/host.hpp"
#include "streamhost/status.hpp"

namespace streamhost {

// How much a drain has left, and what.
struct DrainReport {
    std::uint32_t left = 0;
    std::string why;
};

// Constructed at create(), destroyed at destroy(). Throw Failure (or any std::exception) to refuse a step;
// nothing crosses the boundary.
class Plugin {
public:
    explicit Plugin(const sh_host* raw) : host_(raw) {}
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;
    virtual ~Plugin() = default;

    // Take the section, before start() or to be tried and destroyed; throw Failure(SH_INVALID, what to
    // change) for what the schema cannot say. [control]
    virtual void configure(const Config& /*config*/) {}
    // Take another section while running: all of it, or throw and stay as you were. [control]
    virtual void reconfigure(const Config& /*config*/) {
        throw Failure(SH_NEEDS_RESTART, "it takes its section when it starts");
    }
    virtual void start() {}                                                  // [control]
    virtual DrainReport drain(std::uint32_t /*deadline_ms*/) { return {}; }  // [control]
    virtual void stop() {}                                                   // [control]
    virtual void* loop_start(std::uint32_t /*loop*/) { return nullptr; }     // [loop]
    virtual void loop_stop(std::uint32_t /*loop*/, void* /*context*/) {}     // [loop]

protected:
    [[nodiscard]] Host& host() noexcept { return host_; }
    [[nodiscard]] const Host& host() const noexcept { return host_; }

private:
    friend struct PluginThunks;
    template <auto Member>
    friend struct StoreCall;  // service_table.hpp
    Host host_;
    bool is_started_ = false;
};

// The C side of a Plugin: each thunk is a barrier, what a callback throws is logged and ends there.
struct PluginThunks {
    static Plugin& of(void* self) noexcept { return *static_cast<Plugin*>(self); }

    template <typename Body>
    static void barrier(void* self, const char* where, Body&& body) noexcept {
        Caught error;
        if (guard(&error, [&] { body(of(self)); }) == SH_OK) return;
        // Logging must not throw either: the barrier is the last line.
        guard(nullptr, [&] {
            of(self).host_.error("exception in a callback", {{"callback", where}, {"what", error.text}});
        });
    }
    static sh_status configure(void* self, const sh_config* config, sh_error* error) noexcept {
        Plugin& plugin = of(self);
        return guard(error, [&] {
            plugin.is_started_ ? plugin.reconfigure(Config(config)) : plugin.configure(Config(config));
        });
    }
    static sh_status start(void* self, sh_error* error) noexcept {
        return guard(error, [&] {
            of(self).start();
            of(self).is_started_ = true;
        });
    }
    static std::uint32_t drain(void* self, std::uint32_t deadline_ms, sh_error* why) noexcept {
        DrainReport report;
        barrier(self, "drain", [&](Plugin& plugin) { report = plugin.drain(deadline_ms); });
        set_error(why, report.left == 0 ? SH_OK : SH_BUSY, report.why);
        return report.left;
    }
    static void stop(void* self) noexcept {
        barrier(self, "stop", [](Plugin& plugin) { plugin.stop(); });
    }
    static void destroy(void* self) noexcept { delete static_cast<Plugin*>(self); }
    static void* loop_start(void* self, std::uint32_t loop) noexcept {
        void* context = nullptr;
        barrier(self, "loop_start", [&](Plugin& plugin) { context = plugin.loop_start(loop); });
        return context;
    }
    static void loop_stop(void* self, std::uint32_t loop, void* context) noexcept {
        barrier(self, "loop_stop", [&](Plugin& plugin) { plugin.loop_stop(loop, context); });
    }
    static void run_task(void* self, std::uint64_t task) noexcept {
        barrier(self, "run_task", [&](Plugin& plugin) { plugin.host_.run_task(task); });
    }
    static void complete(void* self, std::uint64_t token, const sh_result* result) noexcept {
        barrier(self, "complete", [&](Plugin& plugin) { plugin.host_.run_answer(token, *result); });
    }

    template <typename Class>
    static sh_status create(const sh_host* host, sh_plugin* out, sh_error* error) noexcept {
        static_assert(std::is_base_of_v<Plugin, Class>);
        return guard(error, [&] {
            std::unique_ptr<Plugin> plugin = std::make_unique<Class>(host);
            out->configure = &configure;
            out->start = &start;
            out->drain = &drain;
            out->stop = &stop;
            out->destroy = &destroy;
            out->loop_start = &loop_start;
            out->loop_stop = &loop_stop;
            out->run_task = &run_task;
            out->complete = &complete;
            out->self = plugin.release();
        });
    }
};

// What a plugin says of itself before any of its code runs. Lists end with nullptr.
struct Descriptor {
    const char* name;
    const char* version;
    const char* summary;
    const char* const* provides = nullptr;
    const char* const* needs = nullptr;
    const char* const* uses = nullptr;
    const char* schema = nullptr;
    std::uint32_t flags = 0;  // SH_PLUGIN_*
};

constexpr sh_descriptor make_descriptor(const Descriptor& from) noexcept {
    return {sizeof(sh_descriptor),
            0,
            from.name,
            from.version,
            from.summary,
            from.provides,
            from.needs,
            from.uses,
            from.schema,
            from.flags,
            0};
}

}  // namespace streamhost

#define STREAMHOST_PLUGIN(Class, ...)                                        \
    static constexpr sh_descriptor streamhost_plugin_descriptor =            \
        ::streamhost::make_descriptor(::streamhost::Descriptor __VA_ARGS__); \
    extern "C" SH_EXPORT const sh_entry streamhost_plugin_entry;             \
    const sh_entry streamhost_plugin_entry = {SH_PLUGIN_MAGIC,               \
                                              SH_ABI_MAJOR,                  \
                                              SH_ABI_MINOR,                  \
                                              sizeof(sh_entry),              \
                                              0,                             \
                                              &streamhost_plugin_descriptor, \
                                              &::streamhost::PluginThunks::create<Class>};
