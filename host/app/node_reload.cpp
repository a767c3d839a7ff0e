#include <string_view>

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
    reload_waits_ = house_.phase.load() != SH_NODE_RUNNING || supervisor_.busy();
    if (reload_waits_) return;
    manager_.reloading(clock_.monotonic_ns() / 1'000);
    read_again();
    manager_.ready();
}

void Node::read_again() {
    std::string text;
    const auto configuration = load_configuration(sources_, catalogue_, text);
    for (const std::string& complaint : complaints(text))
        log_.warn("configuration", {{"complaint", complaint}});
    if (configuration == nullptr) {
        reloads_refused_.fetch_add(1);
        return log_.error("the changed configuration is refused; the running one stays");
    }
    const auto changes = config::diff(*settings_->configuration, *configuration);
    std::set<std::string> plugins;
    for (const config::Change& change : changes) {
        log_.info("configuration changed", {{"change", config::format(change)}});
        if (!change.plugin.empty()) plugins.insert(change.plugin);
    }
    apply(settings_of(configuration));
    for (const std::string& plugin : plugins)
        reconfigure(plugin);
    reloads_.fetch_add(1);
    log_.info("configuration read again", {{"changes", static_cast<std::uint64_t>(changes.size())}});
    wake();
}

// What can change while the node runs; the rest is named, and waits for the next start.
void Node::apply(Settings fresh) {
    fresh.node_id = settings_->node_id;      // one that was made up stays for the life of the process,
    fresh.listeners = settings_->listeners;  // and so do ports that the system chose
    std::vector<std::string> waiting;
    for (const config::Change& change : config::diff(*started_with_, *fresh.configuration)) {
        if (!change.plugin.empty() || change.reload != config::Reload::restart) continue;
        waiting.push_back(change.path);
        log_.warn("this takes effect when the host is started anew", {{"key", change.path}});
    }
    observe::set_log_levels(fresh.logging.levels);
    transport_->set_limits(fresh.transport.limits);
    transport_->set_release_window(fresh.transport.release_window_ms);
    (void)loops_.store_loop().post(
        [this, budget = fresh.delivery] { delivery_->set_budget(budget.memory_bytes, budget.idle_ms); });
    supervisor_.set_drain_ms(fresh.drain.plugin_ms);
    const std::lock_guard lock(state_mutex_);
    waiting_keys_ = std::move(waiting);
    settings_ = std::make_shared<const Settings>(std::move(fresh));
}

void Node::reconfigure(const std::string& plugin) {
    const bool is_enabled = settings_->plugins.contains(plugin);
    if (is_enabled != supervisor_.wants(plugin)) return toggles_.push_back({plugin, is_enabled});
    if (supervisor_.find_running(plugin) == nullptr) return;  // it reads its section when it starts
    const control::HookAnswer answer = supervisor_.reconfigure(plugin);
    if (answer.ok()) return log_.info("the plugin took its changed section", {{"plugin", plugin}});
    if (answer.status == SH_NEEDS_RESTART) {
        log_.warn("the plugin goes on with its former section until it is restarted",
                  {{"plugin", plugin}, {"reason", answer.text}});
    } else {
        log_.error("the plugin refuses its changed section and goes on with the former one",
                   {{"plugin", plugin}, {"reason", answer.text}});
    }
    const std::lock_guard lock(state_mutex_);
    waiting_plugins_.insert(plugin);
}

// The supervisor takes one change at a time.
void Node::toggle_next() {
    while (!toggles_.empty() && !supervisor_.busy() && !is_stopping_) {
        const auto [plugin, enable] = toggles_.front();
        toggles_.pop_front();
        const control::TogglePlan plan = supervisor_.toggle(plugin, enable);
        if (!plan.refused.empty())
            log_.error("the plugin stays as it is", {{"plugin", plugin}, {"reason", plan.refused}});
    }
}

std::vector<std::string> Node::waiting_for_restart() const {
    const std::lock_guard lock(state_mutex_);
    std::vector<std::string> list = waiting_keys_;
    for (const std::string& plugin : waiting_plugins_)
        list.push_back("plugins." + plugin);
    return list;
}

}  // namespace streamhost::app
