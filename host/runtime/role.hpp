#pragma once

#include <cstdint>
#include <string_view>

namespace streamhost::runtime {

/// The problem: "this may only be called on a loop" is easy to write and easy to break, and a broken rule
/// shows as a data race weeks later. Each thread carries the set of roles that it may act in; boundaries
/// check it.
///
/// A role is not a thread: with one I/O loop, the store role runs on that loop's thread and the set holds
/// both. RoleScope narrows the set for the time of a callback, so that a mistake shows there too.
enum class Role : std::uint8_t {
    control = 1,       ///< life cycle, one call at a time
    loop = 2,          ///< an I/O loop; must not block
    store = 4,         ///< the store loop; must not block
    worker_short = 8,  ///< may block, within its budget
    worker_long = 16,  ///< may block as long as its job runs
};

/// A set of roles. Empty: a thread that nobody has tagged.
struct Roles {
    std::uint8_t bits = 0;

    constexpr Roles() = default;
    constexpr Roles(Role role) : bits(static_cast<std::uint8_t>(role)) {}
    [[nodiscard]] constexpr bool intersects(Roles other) const { return (bits & other.bits) != 0; }
    friend constexpr bool operator==(Roles, Roles) = default;
};
constexpr Roles operator|(Roles left, Roles right) {
    Roles both;
    both.bits = static_cast<std::uint8_t>(left.bits | right.bits);
    return both;
}
constexpr Roles kAnyWorker = Roles(Role::worker_short) | Role::worker_long;

/// Plain data, no destructor: a thread_local that has one would pin every library whose code touched it.
struct ThreadRole {
    Roles roles;
    std::uint16_t loop_index = 0;  ///< meaningful while roles holds Role::loop
};

/// [any] What the calling thread may do now.
[[nodiscard]] const ThreadRole& thread_role() noexcept;

/// [any] True when the calling thread has one of the wanted roles. Otherwise a fault that names `what` (an
/// abort in debug, a count in release) and false: the caller refuses the call.
[[nodiscard]] bool check_role(Roles wanted, std::string_view what) noexcept;

/// [any] Calls refused by check_role() since the start of the process.
[[nodiscard]] std::uint64_t role_violations() noexcept;

/// Sets the calling thread's role for a scope and restores the former one; scopes nest.
class RoleScope {
public:
    explicit RoleScope(Roles roles) noexcept;
    RoleScope(Roles roles, std::uint16_t loop_index) noexcept;
    ~RoleScope();
    RoleScope(const RoleScope&) = delete;
    RoleScope& operator=(const RoleScope&) = delete;

private:
    ThreadRole before_;
};

/// "control", "loop+store", "none": for messages.
[[nodiscard]] std::string_view to_string(Roles roles) noexcept;

}  // namespace streamhost::runtime
