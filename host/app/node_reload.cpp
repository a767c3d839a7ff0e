#include <algorithm>
#include <string_view>

#include "app/contradictions.hpp"
#include "app/exposure.hpp"
#include "app/node.hpp"
#include "config/diff.hpp"

namespace streamhost::app {

namespace {

// One line of the log for each complaint, with what is indented below it.
std::vector<std::string> complaints(std::string_view text) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const bool is_detail = line.starts_with(' ');
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.empty()) continue;
        if (is_detail && !list.empty()) {
            list.back() += "; " + std::string(line);
        } else {
            list.emplace_back(line);
        }
    }
    return list;
}

}  // namespace

// Everything is checked before anything is touched: a file with a mistake changes nothing.
void Node::reload() {
    if (drain_) return log_.info("SIGHUP: this node is stopping; the configuration is not read again");
    // A plugin on its way in has its section already: after that step.
    reload_waits_ = !why_no_change_now().empty();
    if (reload_waits_) return;
    manager_.reloading(clock_.monotonic_ns() / 1'000);
    (void)take_files({.by = "SIGHUP"});
    manager_.ready();
    wake();
}

std::string Node::why_no_change_now() const {
    if (drain_) return "this node is stopping";
    if (house_.phase.load() != SH_NODE_RUNNING) return "this node is starting: try again";
    if (supervisor_.busy() || rollout_) return "plugins are being started or stopped: try again";
    return {};
}

Candidate Node::read_files(const std::vector<config::Document>& instead) {
    config::Sources sources = sources_;
    if (!instead.empty()) {
        sources.files.clear();
        sources.documents = instead;
    }
    Candidate candidate = read_candidate(sources, catalogue_, sources_);
    if (candidate.configuration != nullptr) {
        const auto checked = candidate.configuration;
        candidate.refuse(exposure_issues(*settings_, *checked));
        candidate.refuse(
            contradictions(*checked, plan_nodes(*checked, catalogue_), settings_->admin_lock.needs_token));
    }
    // What a document refers to could come back in a plugin's complaint; files are the operator's own.
    if (candidate.configuration == nullptr || !instead.empty()) return candidate;
    std::set<std::string> changed;
    for (const config::Change& change : config::diff(*book_.page()->running, *candidate.configuration))
        changed.insert(change.plugin);
    std::set<std::string> tried;
    for (const std::string& name : enabled_plugins(*candidate.configuration))
        if (changed.contains(name)) tried.insert(name);
    try_candidate(candidate, catalogue_, tried);
    return candidate;
}

ChangePlan Node::plan_to(const config::Configuration& wanted) const {
    ChangePlan plan = plan_changes(*book_.page()->running, wanted, supervisor_.list());
    add_others(plan, supervisor_.plan(plan.stops, plan.starts));
    return plan;
}

ConfigAnswer Node::compare_config(const std::vector<config::Document>& instead) {
    Candidate candidate = read_files(instead);
    ConfigAnswer answer;
    answer.page = book_.page();
    answer.errors = std::move(candidate.errors);
    answer.result = ConfigAnswer::Result::kRefused;
    if (candidate.configuration == nullptr) return answer;
    answer.result = ConfigAnswer::Result::kUnchanged;
    answer.plan = plan_to(*candidate.configuration);
    return answer;
}

ConfigAnswer Node::take_files(const ConfigOrder& order) {
    ConfigAnswer answer = may_change(order);
    if (answer.result == ConfigAnswer::Result::kConflict) return answer;
    const Candidate candidate = read_files({});
    const std::vector<std::string> said = complaints(candidate.text());
    for (const std::string& complaint : said)
        log_.warn("configuration", {{"complaint", complaint}});
    if (candidate.configuration != nullptr) return take(candidate.configuration, candidate.tls, order, {});
    answer.errors = candidate.errors;
    return refuse(order, said.empty() ? "" : said.front(), std::move(answer));
}

ConfigAnswer Node::roll_back_config(const ConfigOrder& order) {
    ConfigAnswer answer = may_change(order);
    if (answer.result == ConfigAnswer::Result::kConflict) return answer;
    if (const auto previous = book_.previous())
        return take(previous, read_listener_tls(previous).contexts, order, "it was ordered");
    answer.result = ConfigAnswer::Result::kConflict;
    answer.reason = "there is nothing to go back to: no other configuration was accepted since the start";
    return answer;
}

ConfigAnswer Node::may_change(const ConfigOrder& order) const {
    ConfigAnswer answer;
    answer.page = book_.page();
    answer.reason = why_no_change_now();
    if (answer.reason.empty() && order.if_generation && *order.if_generation != answer.page->generation)
        answer.reason = "the generation is " + std::to_string(answer.page->generation) + " by now, not " +
                        std::to_string(*order.if_generation) + ": look at the changes again";
    answer.result =
        answer.reason.empty() ? ConfigAnswer::Result::kUnchanged : ConfigAnswer::Result::kConflict;
    return answer;
}

ConfigAnswer Node::refuse(const ConfigOrder& order, const std::string& reason, ConfigAnswer answer) {
    reloads_refused_.fetch_add(1);
    log_.error("the changed configuration is refused; the running one stays", {{"by", order.by}});
    book_.note({"refused", order.by, reason, clock_.wall_ms()}, false);
    answer.result = ConfigAnswer::Result::kRefused;
    answer.reason = reason;
    answer.page = book_.page();
    return answer;
}

// `back`: why the former one is taken; empty: it is a new one.
ConfigAnswer Node::take(const std::shared_ptr<const config::Configuration>& configuration,
                        const TlsContexts& tls, const ConfigOrder& order, const std::string& back) {
    const auto before = book_.page();
    const auto changes = config::diff(*before->accepted, *configuration);
    for (const config::Change& change : changes)
        log_.info("configuration changed", {{"change", config::format(change)}});
    ConfigAnswer answer;
    answer.plan = plan_to(*configuration);
    apply(settings_of(configuration, settings_->store, tls));
    Handed handed = hand_out(answer.plan.sections, *configuration);
    if (!handed.refused.empty()) {  // what was taken already is given back
        apply(settings_of(before->accepted, settings_->store, read_listener_tls(before->accepted).contexts));
        for (const std::string& plugin : handed.took)
            (void)supervisor_.reconfigure(plugin);
        return refuse(order, handed.refused, std::move(answer));
    }
    if (!changes.empty()) back.empty() ? book_.accept(configuration) : book_.roll_back();
    for (const std::string& plugin : handed.took)
        book_.took(plugin);
    for (const config::Change& change : book_.page()->waiting)
        if (change.plugin.empty())
            log_.warn("this takes effect when the host is started anew", {{"key", change.path}});
    if (!order.restart_plugins) handed.left.clear();
    const Rollout::Steps steps{answer.plan.stops, answer.plan.starts, handed.left};
    rollout_order_ = order;
    rolls_back_because_ = back;
    answer.result = steps.none()
                        ? changes.empty() ? ConfigAnswer::Result::kUnchanged : ConfigAnswer::Result::kApplied
                        : ConfigAnswer::Result::kUnderWay;
    if (steps.none()) {
        taken(changes.empty() ? "unchanged" : "applied");
    } else {
        rollout_.emplace(steps, rollout_ports());
        book_.note({"applying", order.by, back, clock_.wall_ms()}, back.empty());
    }
    log_.info(back.empty() ? "configuration read again" : "the former configuration is taken again",
              {{"changes", static_cast<std::uint64_t>(changes.size())}});
    answer.page = book_.page();
    return answer;
}

void Node::taken(const std::string& state) {
    const bool is_back = !rolls_back_because_.empty();
    (is_back ? reloads_rolled_back_ : reloads_).fetch_add(1);
    book_.note({is_back ? "rolled_back" : state, rollout_order_.by, rolls_back_because_, clock_.wall_ms()},
               !is_back);
    if (is_back)
        log_.warn("the former configuration is in force; the files say otherwise and count at the next start",
                  {{"by", rollout_order_.by}, {"reason", rolls_back_because_}});
}

Rollout::Ports Node::rollout_ports() {
    return {
        .is_busy = [this] { return supervisor_.busy(); },
        .toggle = [this](const std::string& plugin,
                         bool enable) { return supervisor_.toggle(plugin, enable).refused; },
        .restart = [this](const std::string& plugin) { return supervisor_.restart(plugin); },
        .runs = [this](const std::string& plugin) { return supervisor_.find_running(plugin) != nullptr; },
        .has_section =
            [this](const std::string& plugin) { return book_.has_section(plugin, *book_.page()->accepted); }};
}

// Called whenever the supervisor may have come further.
void Node::follow_rollout() {
    if (!rollout_ || is_stopping_) return;
    const Rollout::State state = rollout_->advance();
    if (state == Rollout::State::kUnderWay) return;
    const std::string reason = rollout_->reason();
    rollout_.reset();
    if (state == Rollout::State::kDone) return taken("applied");
    log_.error("a plugin does not run with the changed configuration", {{"reason", reason}});
    const auto previous = book_.previous();
    if (!rolls_back_because_.empty() || previous == nullptr) {
        reloads_refused_.fetch_add(1);
        book_.note({"failed", rollout_order_.by, reason, clock_.wall_ms()}, false);
        return;
    }
    (void)take(previous, read_listener_tls(previous).contexts,
               {.by = rollout_order_.by, .restart_plugins = true}, reason);
    wake();
}

// All that listens stays as it is but for its certificates and whom it believes: connections that come from
// now on get what the files hold by now, whether their names changed or not.
std::vector<Settings::Listener> Node::renewed_listeners(const Settings& fresh) {
    std::vector<Settings::Listener> listeners = settings_->listeners;
    for (std::uint32_t index = 0; index < listeners.size(); ++index) {
        Settings::Listener& running = listeners[index];
        for (const Settings::Listener& listener : fresh.listeners) {
            if (listener.name != running.name) continue;
            running.proxies = listener.proxies;
            transport_->set_proxies(index, running.proxies);
            if (!listener.tls || !running.tls) continue;
            listener.tls->keep_tickets_of(*running.tls);
            running.tls = listener.tls;
            transport_->set_tls(index, running.tls);
        }
    }
    return listeners;
}

// What can change while the node runs; the rest waits for the next start.
void Node::apply(Settings fresh) {
    fresh.node_id = settings_->node_id;  // one that was made up stays for the life of the process,
    fresh.listeners =
        renewed_listeners(fresh);  // and so do ports that the system chose, and all that listens
    fresh.admin_address = settings_->admin_address;
    fresh.admin_lock = settings_->admin_lock;
    fresh.handover = settings_->handover;
    observe::set_log_levels(fresh.logging.levels);
    transport_->set_limits(fresh.transport.limits);
    transport_->set_release_window(fresh.transport.release_window_ms);
    (void)loops_.store_loop().post(
        [this, budget = fresh.delivery] { delivery_->set_budget(budget.memory_bytes, budget.idle_ms); });
    supervisor_.set_drain_ms(fresh.drain.plugin_ms);
    const std::lock_guard lock(state_mutex_);
    settings_ = std::make_shared<const Settings>(std::move(fresh));
}

// Running plugins are asked to take their sections; who refuses one ends it.
Node::Handed Node::hand_out(const std::vector<std::string>& plugins,
                            const config::Configuration& configuration) {
    Handed handed;
    for (const std::string& plugin : plugins) {
        if (book_.has_section(plugin, configuration)) continue;
        const control::HookAnswer answer = supervisor_.reconfigure(plugin);
        if (answer.ok()) {
            log_.info("the plugin took its changed section", {{"plugin", plugin}});
            handed.took.push_back(plugin);
        } else if (answer.status == SH_NEEDS_RESTART) {
            log_.warn("the plugin goes on with its former section until it is restarted",
                      {{"plugin", plugin}, {"reason", answer.text}});
            handed.left.push_back(plugin);
        } else {
            log_.error("the plugin refuses its changed section",
                       {{"plugin", plugin}, {"reason", answer.text}});
            handed.refused = "plugins." + plugin + ": " + answer.text;
            return handed;
        }
    }
    return handed;
}

std::vector<std::string> Node::waiting_for_restart() const {
    std::vector<std::string> list;
    for (const config::Change& change : book_.page()->waiting) {
        const std::string name = change.plugin.empty() ? change.path : "plugins." + change.plugin;
        if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
    }
    return list;
}

void Node::collect_configuration(observe::Samples& out) const {
    const auto count = [&](const char* result, std::uint64_t value) {
        const observe::Label label{"result", result};
        out.counter("config_reloads_total", "Configurations read again, or taken back", {&label, 1},
                    static_cast<double>(value));
    };
    count("ok", reloads_.load());
    count("refused", reloads_refused_.load());
    count("rolled_back", reloads_rolled_back_.load());
    const auto page = book_.page();
    out.gauge("config_generation", "Configurations accepted since the start, the first one included", {},
              static_cast<double>(page->generation));
    out.gauge("config_waiting", "Keys that were accepted and wait for a restart", {},
              static_cast<double>(page->waiting.size()));
    out.gauge("config_differs_from_files", "1: what was accepted is not what the files said last", {},
              page->matches_files ? 0 : 1);
}

}  // namespace streamhost::app
