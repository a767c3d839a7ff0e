#include "runtime/role.hpp"

#include <atomic>
#include <cstdio>

#include "runtime/fault.hpp"

namespace streamhost::runtime {
namespace {

constinit thread_local ThreadRole current;
std::atomic<std::uint64_t> violations{0};

}  // namespace

const ThreadRole& thread_role() noexcept { return current; }

bool check_role(Roles wanted, std::string_view what) noexcept {
    if (current.roles.intersects(wanted)) return true;
    violations.fetch_add(1, std::memory_order_relaxed);
    char text[160];
    const std::string_view has = to_string(current.roles);
    const std::string_view needs = to_string(wanted);
    const int length =
        std::snprintf(text, sizeof text, "called as %.*s, needs %.*s", static_cast<int>(has.size()),
                      has.data(), static_cast<int>(needs.size()), needs.data());
    fault(what, {text, static_cast<std::size_t>(length)});
    return false;
}

std::uint64_t role_violations() noexcept { return violations.load(std::memory_order_relaxed); }

RoleScope::RoleScope(Roles roles) noexcept : RoleScope(roles, current.loop_index) {}

RoleScope::RoleScope(Roles roles, std::uint16_t loop_index) noexcept : before_(current) {
    current = ThreadRole{roles, loop_index};
}

RoleScope::~RoleScope() { current = before_; }

std::string_view to_string(Roles roles) noexcept {
    if (roles.bits == 0) return "none";
    if (roles == Role::control) return "control";
    if (roles == Role::loop) return "loop";
    if (roles == Role::store) return "store";
    if (roles == (Roles(Role::loop) | Role::store)) return "loop+store";
    if (roles == Role::worker_short) return "worker(short)";
    if (roles == Role::worker_long) return "worker(long)";
    if (roles == kAnyWorker) return "worker";
    return "several roles";
}

}  // namespace streamhost::runtime
