#pragma once

#include <cstdint>
#include <string_view>

namespace streamhost::runtime {

/// The problem: a broken rule of our own (a call from the wrong role, an exception that leaves a handler)
/// must stop a developer at once and must not stop a host that serves ten thousand people.
///
/// fault() is where such a bug is reported. Debug builds print it and abort; release builds print it, count
/// it and go on: the caller then fails closed. Client mistakes and environment trouble never come here.

/// Called for each fault instead of the default. Must not throw and must not block; [any] thread.
using FaultHandler = void (*)(std::string_view where, std::string_view what) noexcept;

/// [any] Reports one fault: counts it, then calls the handler.
void fault(std::string_view where, std::string_view what) noexcept;

/// [any] Faults of this process so far, for the metric and for health.
[[nodiscard]] std::uint64_t fault_count() noexcept;

/// [control] Replaces the handler, nullptr restores the default. Returns the previous one.
FaultHandler set_fault_handler(FaultHandler handler) noexcept;

}  // namespace streamhost::runtime
