#include "control/instance.hpp"

#include <cstring>
#include <utility>

#include "control/status_text.hpp"

namespace streamhost::control {
namespace {

/// A plugin may forget the terminator.
std::string text_of(const sh_error& error) { return {error.text, ::strnlen(error.text, sizeof error.text)}; }

}  // namespace

Instance::Instance(std::uint64_t id, LoadedPlugin plugin, const Offer& offer, FaultSink on_fault)
    : id_(id),
      plugin_(std::move(plugin)),
      context_(offer.context),
      on_fault_(std::move(on_fault)),
      loops_(offer.loop_count) {
    host_.struct_size = sizeof host_;
    host_.abi_minor = SH_ABI_MINOR;
    host_.self = this;
    host_.version = offer.version;
    host_.extension = offer.extension;
}

std::string Instance::label() const { return name() + " (generation " + std::to_string(generation()) + ")"; }

HookAnswer Instance::fault(std::string_view hook, std::string_view what) noexcept {
    faults_.fetch_add(1, std::memory_order_relaxed);
    if (on_fault_) on_fault_(*this, hook, what);
    return {SH_INTERNAL, std::string(hook) + "() threw (" + std::string(what) +
                             "): no exception may leave a plugin, catch it there"};
}

HookAnswer Instance::checked(std::string_view hook, const std::function<sh_status(sh_error*)>& body) {
    sh_error error{};
    error.struct_size = sizeof error;
    sh_status status = SH_INTERNAL;
    if (HookAnswer thrown = guarded(hook, [&] { status = body(&error); }); !thrown.ok()) return thrown;
    if (status == SH_OK) return {};
    const std::string text = text_of(error);
    return {status, std::string(hook) + "() answered " + std::string(status_text(status)) +
                        (text.empty() ? " and gave no reason" : ": " + text)};
}

HookAnswer Instance::create() {
    sh_plugin filled{};
    filled.struct_size = sizeof filled;
    HookAnswer answer = checked(
        "create", [&](sh_error* error) { return plugin_.library->entry->create(&host_, &filled, error); });
    if (!answer.ok()) return answer;
    const auto functions = read_plugin(filled);
    if (!functions) return {SH_INVALID, functions.reason};
    functions_ = *functions;
    return answer;
}

HookAnswer Instance::configure(const sh_config& config) {
    return checked("configure",
                   [&](sh_error* error) { return functions_.configure(functions_.self, &config, error); });
}

HookAnswer Instance::start() {
    return checked("start", [&](sh_error* error) { return functions_.start(functions_.self, error); });
}

Instance::Left Instance::drain(std::uint32_t deadline_ms) {
    sh_error why{};
    why.struct_size = sizeof why;
    Left left;
    const HookAnswer answer =
        guarded("drain", [&] { left.count = functions_.drain(functions_.self, deadline_ms, &why); });
    left.why = answer.ok() ? text_of(why) : answer.text;
    return left;
}

HookAnswer Instance::stop() {
    return guarded("stop", [&] { functions_.stop(functions_.self); });
}

HookAnswer Instance::destroy() {
    return guarded("destroy", [&] { functions_.destroy(functions_.self); });
}

HookAnswer Instance::loop_start(std::uint32_t loop) {
    LoopSlot& slot = loops_[loop];
    HookAnswer answer;
    if (functions_.loop_start != nullptr) {
        answer = guarded("loop_start", [&] { slot.context = functions_.loop_start(functions_.self, loop); });
    }
    slot.started = answer.ok();
    return answer;
}

void Instance::loop_stop(std::uint32_t loop) {
    LoopSlot& slot = loops_[loop];
    if (!std::exchange(slot.started, false) || functions_.loop_stop == nullptr) return;
    static_cast<void>(
        guarded("loop_stop", [&] { functions_.loop_stop(functions_.self, loop, slot.context); }));
    slot.context = nullptr;
}

void Instance::run_task(std::uint64_t task) noexcept {
    if (functions_.run_task == nullptr) return;
    call("run_task", [&] { functions_.run_task(functions_.self, task); });
}

void Instance::complete(std::uint64_t token, const sh_result& result) noexcept {
    call("complete", [&] { functions_.complete(functions_.self, token, &result); });
}

}  // namespace streamhost::control
