#include "runtime/fault.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace streamhost::runtime {
namespace {

void print_fault(std::string_view where, std::string_view what) noexcept {
    // One call, so that lines of two threads do not mix.
    std::fprintf(stderr, "streamhost: fault in %.*s: %.*s\n", static_cast<int>(where.size()), where.data(),
                 static_cast<int>(what.size()), what.data());
#ifndef NDEBUG
    std::abort();
#endif
}

std::atomic<std::uint64_t> faults{0};
std::atomic<FaultHandler> current_handler{&print_fault};

}  // namespace

void fault(std::string_view where, std::string_view what) noexcept {
    faults.fetch_add(1, std::memory_order_relaxed);
    current_handler.load(std::memory_order_acquire)(where, what);
}

std::uint64_t fault_count() noexcept { return faults.load(std::memory_order_relaxed); }

FaultHandler set_fault_handler(FaultHandler handler) noexcept {
    return current_handler.exchange(handler != nullptr ? handler : &print_fault, std::memory_order_acq_rel);
}

}  // namespace streamhost::runtime
