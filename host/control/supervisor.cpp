#include "control/supervisor.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::control {

namespace {

constexpr const char* kHostStops = "the host stops";

}  // namespace

struct Supervisor::Record {
    bool wanted = false;
    bool broken = false;                 ///< it failed by itself: only an operator's word tries again
    std::string reason;                  ///< why it does not run
    std::unique_ptr<Lifecycle> current;  ///< running, or on its way
    std::unique_ptr<Lifecycle> next;     ///< a new generation on its way
};

struct Supervisor::Step {
    enum class Kind : std::uint8_t { start = 1, stop, roll_out };
    Kind kind;
    std::string name;
    std::string reason;
    bool begun = false;
};

Supervisor::Supervisor(Catalogue& catalogue, LifecyclePorts& ports, LifecycleLimits limits,
                       Instance::Offer offer, Instance::FaultSink on_fault)
    : catalogue_(catalogue), ports_(ports), limits_(limits), offer_(offer), on_fault_(std::move(on_fault)) {}

Supervisor::~Supervisor() = default;

void Supervisor::note(const std::string& name, std::uint64_t generation, State from, State to,
                      std::string reason) const {
    if (ports_.on_step) ports_.on_step({name, generation, from, to, std::move(reason), 0});
}

bool Supervisor::load(const std::string& name) {
    Record& record = records_[name];
    if (record.current) return true;
    const auto loaded = catalogue_.load(name);
    if (!loaded) {
        record.broken = true;
        record.reason = loaded.reason;
        note(name, 0, State::verified, State::failed, loaded.reason);
        return false;
    }
    note(name, loaded->library->generation, State::verified, State::loaded, loaded->descriptor.version);
    return true;
}

std::vector<PlanNode> Supervisor::nodes(bool running_only) const {
    std::vector<PlanNode> nodes;
    for (const auto& [name, entry] : catalogue_.entries()) {
        if (!entry.loaded) continue;
        const auto record = records_.find(name);
        const bool known = record != records_.end();
        const bool runs = known && record->second.current && record->second.current->started();
        const bool wanted = known && record->second.wanted && !record->second.broken;
        const PluginDescriptor& is = entry.loaded->descriptor;
        nodes.push_back(
            {name, is.provided, is.required, is.optional, running_only ? runs : wanted, is.stops_last});
    }
    return nodes;
}

StartPlan Supervisor::start(const std::set<std::string>& wanted) {
    for (const std::string& name : wanted) {
        records_[name].wanted = true;
        static_cast<void>(load(name));
    }
    StartPlan plan = plan_start(nodes(false));
    for (const Blocked& blocked : plan.blocked) {
        records_[blocked.name].reason = blocked.reason;
        note(blocked.name, catalogue_.find(blocked.name)->loaded->library->generation, State::loaded,
             State::failed, blocked.reason);
    }
    for (const std::string& name : plan.order)
        queue_start(name);
    return plan;
}

TogglePlan Supervisor::plan(const std::string& name, bool enable) {
    if (enable && !load(name)) {
        TogglePlan refused;
        refused.refused = name + " cannot be loaded: " + records_[name].reason;
        return refused;
    }
    std::vector<PlanNode> wanted = nodes(false);
    for (PlanNode& node : wanted) {
        if (node.name == name) node.enabled = enable;
    }
    return plan_change(nodes(true), wanted, name);
}

TogglePlan Supervisor::plan(const std::vector<std::string>& stops,
                            const std::vector<std::string>& starts) const {
    const auto has = [](const std::vector<std::string>& names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::vector<PlanNode> wanted = nodes(false);
    for (PlanNode& node : wanted)
        node.enabled = has(starts, node.name) || (node.enabled && !has(stops, node.name));
    return plan_change(nodes(true), wanted);
}

TogglePlan Supervisor::toggle(const std::string& name, bool enable) {
    TogglePlan todo = plan(name, enable);
    if (busy()) todo.refused = "other steps are under way: wait for them and try again";
    if (!todo.refused.empty()) return todo;
    Record& record = records_[name];
    record.wanted = enable;
    record.broken = false;
    if (!enable) record.reason = "switched off";
    for (const TogglePlan::Step& step : todo.stops)
        queue_stop(step.name, step.because);
    for (const TogglePlan::Step& step : todo.starts)
        queue_start(step.name);
    return todo;
}

std::string Supervisor::why_not_now(const std::string& name) const {
    if (busy()) return "other steps are under way: wait for them and try again";
    return find_running(name) == nullptr ? name + " is not running: switch it on instead" : std::string();
}

std::string Supervisor::restart(const std::string& name) {
    if (std::string reason = why_not_now(name); !reason.empty()) return reason;
    steps_.push_back({Step::Kind::roll_out, name, "restarted"});
    return {};
}

bool Supervisor::wants(const std::string& name) const {
    const auto at = records_.find(name);
    return at != records_.end() && at->second.wanted;
}

std::string Supervisor::roll_out(const std::string& name) {
    if (std::string reason = why_not_now(name); !reason.empty()) return reason;
    const auto loaded = catalogue_.load(name);
    if (!loaded) return loaded.reason + "; the running generation serves on";
    const Instance& old = *find_running(name);
    if (loaded->library->generation == old.generation()) {
        return "the file of " + old.label() +
               " has not changed: install the new one by renaming it into place";
    }
    note(name, loaded->library->generation, State::verified, State::loaded, loaded->descriptor.version);
    steps_.push_back({Step::Kind::roll_out, name,
                      "replaced by generation " + std::to_string(loaded->library->generation)});
    return {};
}

HookAnswer Supervisor::reconfigure(const std::string& name) {
    const auto at = records_.find(name);
    if (at == records_.end() || !at->second.current) return {SH_NEEDS_RESTART, name + " is not running"};
    return at->second.current->reconfigure();
}

void Supervisor::stop_all(std::uint32_t drain_ms) {
    stop_by_ms_ = ports_.clock.monotonic_ms() + drain_ms;
    if (!steps_.empty()) steps_.erase(steps_.begin() + 1, steps_.end());  // the one under way ends by itself
    if (busy() && steps_.front().kind == Step::Kind::start) queue_stop(steps_.front().name, kHostStops);
    for (const std::string& name : plan_stop(nodes(true)).order)
        queue_stop(name, kHostStops);
}

void Supervisor::stop_last() {
    for (const std::string& name : plan_stop(nodes(true)).last)
        queue_stop(name, kHostStops);
}

void Supervisor::queue_start(const std::string& name) { steps_.push_back({Step::Kind::start, name, {}}); }

void Supervisor::queue_stop(const std::string& name, std::string reason) {
    steps_.push_back({Step::Kind::stop, name, std::move(reason)});
}

std::unique_ptr<Lifecycle> Supervisor::make_lifecycle(const std::string& name) {
    auto instance =
        std::make_shared<Instance>(++last_instance_, *catalogue_.find(name)->loaded, offer_, on_fault_);
    return std::make_unique<Lifecycle>(ports_, limits_, std::move(instance));
}

std::string Supervisor::missing_service(const std::string& name) const {
    for (const std::string& id : catalogue_.find(name)->loaded->descriptor.required) {
        if (!ports_.services.has_provider(id)) return id;
    }
    return {};
}

bool Supervisor::begin_start(Record& record, const std::string& name) {
    if (record.current) return false;
    if (const std::string id = missing_service(name); !id.empty()) {
        record.reason = "it requires " + id + ", and its provider did not start: see there";
        note(name, catalogue_.find(name)->loaded->library->generation, State::loaded, State::failed,
             record.reason);
        return false;
    }
    record.current = make_lifecycle(name);
    record.current->start();
    return true;
}

std::uint32_t Supervisor::drain_left_ms() const {
    if (!stop_by_ms_) return limits_.drain_ms;
    const std::uint64_t now_ms = ports_.clock.monotonic_ms();
    const std::uint64_t left_ms = *stop_by_ms_ > now_ms ? *stop_by_ms_ - now_ms : 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(left_ms, limits_.drain_ms));
}

/// False: nothing to wait for.
bool Supervisor::begin(Step& step) {
    step.begun = true;
    Record& record = records_[step.name];
    switch (step.kind) {
    case Step::Kind::start: return begin_start(record, step.name);
    case Step::Kind::stop:
        if (!record.current) return false;
        record.current->stop(step.reason, drain_left_ms());
        return true;
    case Step::Kind::roll_out:
        if (!record.current) return false;
        record.next = make_lifecycle(step.name);
        record.next->start();
        return true;
    }
    return false;
}

void Supervisor::bury(std::unique_ptr<Lifecycle> ended) {
    if (ended->left_in_place()) {
        left_in_place_.push_back(std::move(ended));
        return;
    }
    shells_.push_back(std::move(ended));
    if (shells_.size() > kShellsKept) shells_.pop_front();
}

Supervisor::Progress Supervisor::look(const Step& step) {
    Record& record = records_[step.name];
    if (step.kind == Step::Kind::roll_out) return look_at_roll_out(record);
    const Lifecycle& walk = *record.current;
    if (step.kind == Step::Kind::start && walk.started()) {
        record.reason.clear();
        return Progress::done;
    }
    if (!walk.ended()) return Progress::waiting;
    record.broken = walk.state() == State::failed;
    record.reason = record.broken ? walk.reason() : step.reason;
    bury(std::move(record.current));
    return Progress::done;
}

/// `next` is first the new generation on its way in, then the old one on its way out.
Supervisor::Progress Supervisor::look_at_roll_out(Record& record) {
    Lifecycle& walk = *record.next;
    if (walk.started()) {
        std::swap(record.current, record.next);
        record.reason.clear();
        record.next->stop("replaced by " + record.current->instance().label(), drain_left_ms());
        return Progress::again;
    }
    if (!walk.ended()) return Progress::waiting;
    const Instance& serving = record.current->instance();
    if (walk.instance().id() > serving.id()) {
        record.reason =
            walk.instance().label() + " failed: " + walk.reason() + "; " + serving.label() + " serves on";
    }
    bury(std::move(record.next));
    return Progress::done;
}

std::optional<std::uint64_t> Supervisor::advance() {
    while (!steps_.empty()) {
        Step& step = steps_.front();
        Progress progress = step.begun || begin(step) ? Progress::waiting : Progress::done;
        if (progress == Progress::waiting) {
            const Record& record = records_[step.name];
            const auto due = (record.next ? *record.next : *record.current).advance();
            progress = look(step);
            if (progress == Progress::waiting) return due;
        }
        if (progress == Progress::done) steps_.pop_front();
    }
    return std::nullopt;
}

Instance* Supervisor::find_running(const std::string& name) const {
    const auto at = records_.find(name);
    if (at == records_.end() || !at->second.current || !at->second.current->started()) return nullptr;
    return &at->second.current->instance();
}

namespace {

bool shares(const std::vector<std::string>& some, const std::vector<std::string>& others) {
    return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) != some.end();
}

/// Says of each plugin who leans on it, among those that are to run.
void link(std::vector<PluginView>& views, const std::vector<PlanNode>& nodes) {
    for (const PlanNode& node : nodes) {
        if (!node.enabled) continue;
        for (PluginView& view : views) {
            if (shares(node.required, view.provided)) {
                view.required_by.push_back(node.name);
            } else if (shares(node.optional, view.provided)) {
                view.used_by.push_back(node.name);
            }
        }
    }
}

}  // namespace

std::vector<PluginView> Supervisor::list() const {
    std::vector<PluginView> views;
    for (const auto& [name, entry] : catalogue_.entries()) {
        PluginView view;
        view.name = name;
        view.file = entry.file.string();
        view.state = entry.state;
        view.reason = entry.reason;
        if (entry.loaded) {
            view.version = entry.loaded->descriptor.version;
            view.summary = entry.loaded->descriptor.summary;
            view.provided = entry.loaded->descriptor.provided;
            view.generation = entry.loaded->library->generation;
        }
        if (const auto at = records_.find(name); at != records_.end()) {
            const Record& record = at->second;
            view.wanted = record.wanted;
            if (!record.reason.empty()) view.reason = record.reason;
            if (record.broken) view.state = State::failed;
            if (record.current) {
                Instance& instance = record.current->instance();
                view.state = record.current->state();
                view.generation = instance.generation();
                view.version = instance.descriptor().version;
                view.faults = instance.faults();
                view.doubled_answers = instance.use().doubled_answers.load(std::memory_order_relaxed);
                view.handles = instance.handles().counts();
            }
        }
        views.push_back(std::move(view));
    }
    link(views, nodes(false));
    return views;
}

}  // namespace streamhost::control
