#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamhost::control {

/// A plugin as the plan sees it.
struct PlanNode {
    std::string name;
    std::vector<std::string> provided;
    std::vector<std::string> required;
    std::vector<std::string> optional;
    bool enabled = false;  ///< the operator wants it to run
    bool stops_last = false;
};

/// An enabled plugin that cannot start, and what to do about it.
struct Blocked {
    std::string name;
    std::string reason;
};

/// The problem: who starts before whom must follow from what plugins say they need, be the same on each run,
/// and be explained when it cannot be done. Pure: no plugin is touched.
///
/// Providers start before those that require them, and before those that merely use them where that makes no
/// circle. Blocked are: members of a circle (printed), both of two providers of one service, and whoever
/// requires something of them or something that nobody provides. Sorting after Kahn (1962), ties by name.
struct StartPlan {
    std::vector<std::string> order;
    std::vector<Blocked> blocked;  ///< by name

    [[nodiscard]] bool starts(std::string_view name) const;
    [[nodiscard]] const Blocked* find_blocked(std::string_view name) const;
};
[[nodiscard]] StartPlan plan_start(std::span<const PlanNode> nodes);

/// How all of them end: those who use others before these, and at last those who serve whoever watches the
/// end, with whatever they require.
struct StopPlan {
    std::vector<std::string> order;
    std::vector<std::string> last;  ///< after them
};
[[nodiscard]] StopPlan plan_stop(std::span<const PlanNode> nodes);

/// What switching one plugin on or off does to the others.
struct TogglePlan {
    struct Step {
        std::string name;
        std::string because;
    };
    std::string refused;         ///< not empty: nothing is to be done, and why
    std::vector<Step> stops;     ///< in this order, before `starts`
    std::vector<Step> starts;    ///< in this order
    std::vector<Step> degrades;  ///< go on without something that they use if present
    std::vector<Step> improves;  ///< get it

    [[nodiscard]] std::string text() const;  ///< the dry run, a line per step
};
[[nodiscard]] TogglePlan plan_toggle(std::span<const PlanNode> nodes, std::string_view name, bool enable);

/// The same from what runs now (`enabled` of `now`) to what is wanted (`enabled` of `wanted`: the same
/// plugins in the same order), because of `name`: they differ by more than one plugin when some have failed.
[[nodiscard]] TogglePlan plan_change(std::span<const PlanNode> now, std::span<const PlanNode> wanted,
                                     std::string_view name);
/// The same of several at once: nothing is refused, and who cannot go on stops.
[[nodiscard]] TogglePlan plan_change(std::span<const PlanNode> now, std::span<const PlanNode> wanted);

}  // namespace streamhost::control
