#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/catalogue.hpp"
#include "control/dependency_plan.hpp"
#include "control/lifecycle.hpp"

namespace streamhost::control {

/// One plugin for operators.
struct PluginView {
    std::string name;
    std::string version;
    std::string summary;
    std::string file;
    bool wanted = false;
    State state = State::discovered;
    std::string reason;            ///< why it is not running, or how its last step went
    std::uint64_t generation = 0;  ///< of the library; 0: never loaded
    std::vector<std::string> provided;
    std::vector<std::string> required_by;  ///< plugins that are to run and cannot without this one
    std::vector<std::string> used_by;      ///< those that go on without it
    std::uint64_t faults = 0;              ///< exceptions that left its functions
    std::uint64_t doubled_answers = 0;
    std::map<std::string_view, std::size_t> handles;
};

/// The problem: an operator says which plugins should run; what that means for the others, in which order it
/// is done, and what to do when the third of five steps fails, must not be the operator's work.
///
/// Keeps the wanted state, makes the plan, and walks one plugin at a time along it. A failed start does not
/// end the plan: what does not need the failed plugin starts all the same. A roll-out starts the new
/// generation beside the old one, moves the leases over and then drains the old; a step that fails leaves the
/// old one serving. [control] throughout. Nothing waits: call advance() after each wake and at the time it
/// asks for.
class Supervisor {
public:
    Supervisor(Catalogue& catalogue, LifecyclePorts& ports, LifecycleLimits limits, Instance::Offer offer,
               Instance::FaultSink on_fault);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Loads what is wanted and begins to start it. The plan says who is blocked and why.
    StartPlan start(const std::set<std::string>& wanted);
    /// The dry run. Loads the plugin, as its file is now, to learn what it needs; starts nothing.
    [[nodiscard]] TogglePlan plan(const std::string& name, bool enable);
    /// The dry run of several at once, which are loaded already.
    [[nodiscard]] TogglePlan plan(const std::vector<std::string>& stops,
                                  const std::vector<std::string>& starts) const;
    /// Begins what plan() says. Refused in the plan's `refused`, also while other steps are under way.
    TogglePlan toggle(const std::string& name, bool enable);
    /// Begins to replace a running plugin by the file as it is now. "" or why not.
    [[nodiscard]] std::string roll_out(const std::string& name);
    /// Begins to replace a running plugin by another instance of itself. "" or why not.
    [[nodiscard]] std::string restart(const std::string& name);
    /// The running instance reads its section again.
    [[nodiscard]] HookAnswer reconfigure(const std::string& name);
    /// Begins to stop everything but those that stop last (SH_PLUGIN_STOPS_LAST), dependents first, within
    /// drain_ms for all together. What waits is dropped.
    void stop_all(std::uint32_t drain_ms);
    /// Those, when the others have stopped: within the same time, and there is nobody left to wait for.
    void stop_last();

    /// Goes on as far as possible; the next time to be called without a wake, if any.
    std::optional<std::uint64_t> advance();
    [[nodiscard]] bool busy() const { return !steps_.empty(); }

    [[nodiscard]] std::vector<PluginView> list() const;
    [[nodiscard]] Instance* find_running(const std::string& name) const;
    [[nodiscard]] bool wants(const std::string& name) const;                    ///< whether it should run
    void set_drain_ms(std::uint32_t drain_ms) { limits_.drain_ms = drain_ms; }  ///< of steps from now on
    [[nodiscard]] std::size_t left_in_place() const { return left_in_place_.size(); }

    /// Shells of ended instances kept, so that a late call with an old host pointer finds somebody who says
    /// no.
    static constexpr std::size_t kShellsKept = 1'024;

private:
    struct Record;
    struct Step;

    [[nodiscard]] bool load(const std::string& name);
    [[nodiscard]] std::vector<PlanNode> nodes(bool running_only) const;
    void queue_start(const std::string& name);
    void queue_stop(const std::string& name, std::string reason);
    [[nodiscard]] std::unique_ptr<Lifecycle> make_lifecycle(const std::string& name);
    enum class Progress : std::uint8_t { waiting = 1, again, done };
    [[nodiscard]] bool begin(Step& step);
    [[nodiscard]] bool begin_start(Record& record, const std::string& name);
    [[nodiscard]] Progress look(const Step& step);
    [[nodiscard]] Progress look_at_roll_out(Record& record);
    [[nodiscard]] std::string why_not_now(const std::string& name) const;
    [[nodiscard]] std::string missing_service(const std::string& name) const;
    [[nodiscard]] std::uint32_t drain_left_ms() const;
    void bury(std::unique_ptr<Lifecycle> ended);
    void note(const std::string& name, std::uint64_t generation, State from, State to,
              std::string reason) const;

    Catalogue& catalogue_;
    LifecyclePorts& ports_;
    LifecycleLimits limits_;
    const Instance::Offer offer_;
    const Instance::FaultSink on_fault_;
    std::map<std::string, Record> records_;
    std::deque<Step> steps_;
    std::uint64_t last_instance_ = 0;
    std::optional<std::uint64_t> stop_by_ms_;  // when stopping everything
    std::deque<std::unique_ptr<Lifecycle>> shells_;
    std::vector<std::unique_ptr<Lifecycle>> left_in_place_;  // for good
};

}  // namespace streamhost::control
