#include "app/node.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>
#include <utility>

#include <Poco/Environment.h>
#include <Poco/Process.h>

#include "app/node_report.hpp"
#include "app/plugin_section.hpp"
#include "app/process_facts.hpp"
#include "app/revision.hpp"
#include "bridge/extensions.hpp"
#include "bridge/loop_transport.hpp"

#ifndef STREAMHOST_VERSION
#define STREAMHOST_VERSION "0.0.0"
#endif

namespace streamhost::app {

namespace {

constexpr std::uint64_t kTickMs = 25;  // deadlines of tickets; life cycle steps that wait for a time
constexpr std::uint64_t kLoopGraceMs = 1'000;

runtime::LoopOptions control_options() {
    runtime::LoopOptions options;
    options.name = "control";
    options.roles = runtime::Role::control;
    return options;
}

runtime::LoopGroupOptions group_options(const Settings& settings) {
    runtime::LoopGroupOptions options;
    options.loops = settings.loops;
    return options;
}

control::Tickets::Options ticket_options(const Settings& settings) {
    control::Tickets::Options options;
    options.loop_count = static_cast<std::uint32_t>(settings.loops);
    return options;
}

control::LifecycleLimits lifecycle_limits(const Settings& settings) {
    control::LifecycleLimits limits;
    limits.drain_ms = settings.drain.plugin_ms;
    return limits;
}

control::Instance::Offer offer_of(bridge::House& house, const Settings& settings) {
    bridge::set_loop_count(static_cast<std::uint32_t>(settings.loops));
    return {STREAMHOST_VERSION, &bridge::find_extension, &house, static_cast<std::uint32_t>(settings.loops)};
}

// Counted in worker_overruns_total; which ones those are is asked for when that rises.
runtime::WorkerPoolOptions short_jobs(const Settings& settings) {
    auto options = runtime::WorkerPoolOptions::short_jobs(settings.short_workers);
    options.on_overrun = [log = observe::Log("host")](const std::string& job, std::uint64_t took_ms) {
        log.debug("a job took longer than a short one may", {{"job", job}, {"ms", took_ms}});
    };
    return options;
}

// A manager tells the watchdog's time to the process that it started, and that one to its follower.
ServiceManager::Environment manager_of(const std::optional<Handover>& before) {
    ServiceManager::Environment out = ServiceManager::environment();
    if (before && out.watchdog_us == 0) out.watchdog_us = before->watchdog_us();
    return out;
}

}  // namespace

/// Each loop has passed a round when a task posted to it has run and that round's hooks after it.
class Node::Quiet final : public control::Quiescence {
public:
    explicit Quiet(runtime::LoopGroup& loops) : loops_(loops) {}

    void when_quiet(runtime::Task quiet) override {
        auto waiting = std::make_shared<Waiting>();
        waiting->left = loops_.all_size();
        waiting->quiet = std::move(quiet);
        for (std::size_t index = 0; index < loops_.all_size(); ++index) {
            const auto posted = loops_.any_loop(index).post(
                [waiting] { runtime::Loop::current()->after_round([waiting] { count(*waiting); }); });
            if (posted != runtime::PostStatus::accepted)
                count(*waiting);  // it has ended: nothing runs there any more
        }
    }

private:
    struct Waiting {
        std::atomic<std::size_t> left{0};
        runtime::Task quiet;
    };
    static void count(Waiting& waiting) {
        if (waiting.left.fetch_sub(1) == 1) waiting.quiet();
    }
    runtime::LoopGroup& loops_;
};

Node::Node(Settings settings, control::Catalogue& catalogue, config::Sources sources,
           std::optional<Handover> before)
    : settings_(std::make_shared<const Settings>(std::move(settings))),
      book_(settings_->configuration),
      catalogue_(catalogue),
      sources_(std::move(sources)),
      control_loop_(clock_, control_options()),
      loops_(clock_, group_options(*settings_)),
      short_pool_(clock_, short_jobs(*settings_)),
      long_pool_(clock_, runtime::WorkerPoolOptions::long_jobs(settings_->long_workers)),
      tickets_(ticket_options(*settings_),
               [this](sh_target target, runtime::Task&& task) { return post(target, std::move(task)); }),
      house_(clock_, loops_, control_loop_, short_pool_, long_pool_, metrics_, services_, tickets_),
      quiescence_(std::make_unique<Quiet>(loops_)),
      ports_(make_ports()),
      supervisor_(catalogue_, ports_, lifecycle_limits(*settings_), offer_of(house_, *settings_),
                  [this](const control::Instance& instance, std::string_view hook, std::string_view what) {
                      log_.error("a plugin let an exception out",
                                 {{"plugin", instance.label()}, {"call", hook}, {"what", what}});
                  }),
      manager_(manager_of(before)),
      started_ms_(clock_.monotonic_ms()) {
    observe::start_logging(settings_->logging);
    book_.note({.at_ms = clock_.wall_ms()}, true);
    house_.node_id = settings_->node_id;
    house_.server_name = "streamhost/" STREAMHOST_VERSION;
    house_.incarnation = std::to_string(clock_.wall_ms()) + "@" + Poco::Environment::nodeName() + "/" +
                         std::to_string(Poco::Process::id());
    house_.report = [this] { return report(); };
    // Taken first: an address in use must be told before anything was started.
    sockets_ = open_listeners(*settings_, inherited_sockets(), before ? &*before : nullptr);
    before_ = std::move(before);
    open_handover();
    auto bound = std::make_shared<Settings>(*settings_);
    for (std::size_t index = 0; index < bound->listeners.size(); ++index)
        bound->listeners[index].address = sockets_.clients[index].address;
    settings_ = std::move(bound);
    admin_ = std::make_unique<AdminServer>(*this, sockets_.admin.sockets.front());
    build_data_plane();
    register_metrics();
}

Node::~Node() {
    if (exit_watch_) exit_watch_->only("connections and threads that end");
    admin_.reset();
    bridge::set_transport(nullptr);
    (void)loops_.stop(kLoopGraceMs);
    transport_.reset();
    (void)observe::stop_logging(1'000);
}

void Node::build_data_plane() {
    store_ = std::make_unique<bridge::StoreHub>(house_);
    house_.store = store_.get();
    backend_ = std::make_unique<StoreBackend>(settings_->store, loops_.store_loop(), *store_, metrics_);
    delivery_ = std::make_unique<bridge::DeliveryHub>(house_, settings_->delivery);
    house_.delivery = delivery_.get();
    transport_ = std::make_unique<bridge::TransportHub>(house_, settings_->transport);
    house_.transport = transport_.get();
    bridge::set_transport(transport_.get());
    // Before those of the transport: what is for readers of this loop they send in the same round.
    loops_.store_loop().add_hook(*delivery_);
    transport_->create();
    for (std::uint32_t index = 0; index < settings_->listeners.size(); ++index) {
        const Settings::Listener& listener = settings_->listeners[index];
        if (listener.tls) transport_->set_tls(index, listener.tls);
        if (listener.proxies) transport_->set_proxies(index, listener.proxies);
    }
}

control::LifecyclePorts Node::make_ports() {
    return {.services = services_,
            .tickets = tickets_,
            .quiescence = *quiescence_,
            .clock = clock_,
            .post = [this](sh_target target, runtime::Task&& task) { return post(target, std::move(task)); },
            .wake = [this] { wake(); },
            .on_step = [this](const control::StepRecord& step) { log_step(step); },
            .with_config = [this](const control::PluginDescriptor& plugin,
                                  const std::function<void(const sh_config&)>& use) -> std::string {
                with_section(settings_->configuration, plugin.name, use);
                return {};
            },
            .loop_count = static_cast<std::uint32_t>(settings_->loops)};
}

bool Node::post(sh_target target, runtime::Task&& task) {
    const auto in_role = [target](runtime::Task&& body) {
        return [target, held = std::move(body)]() mutable {
            const runtime::RoleScope role = bridge::role_of(target);
            held();
        };
    };
    if (target == SH_ON_CONTROL)
        return control_loop_.post(in_role(std::move(task))) == runtime::PostStatus::accepted;
    if (target == SH_ON_STORE)
        return loops_.store_loop().post(in_role(std::move(task))) == runtime::PostStatus::accepted;
    if (target >= SH_ON_LOOP_0) {
        const std::size_t index = target - SH_ON_LOOP_0;
        return index < loops_.size() &&
               loops_.loop(index).post(in_role(std::move(task))) == runtime::PostStatus::accepted;
    }
    runtime::WorkerPool& pool = target == SH_ON_SHORT ? short_pool_ : long_pool_;
    return pool.submit_owed({"host", std::move(task), {}});
}

void Node::log_step(const control::StepRecord& step) {
    if (step.to == control::State::started)
        book_.took(step.plugin);
    else if (supervisor_.find_running(step.plugin) == nullptr)
        book_.left(step.plugin);
    if (step.to == control::State::failed && rollout_) rollout_->note(step.plugin, step.reason);
    const StepWords::Line line = step_words_.of(step);
    std::vector<observe::Field> fields = {{"plugin", step.plugin}};
    if (!line.reason.empty()) fields.push_back({"reason", line.reason});
    if (!line.end.empty()) fields.push_back({"end", line.end});
    fields.push_back({"generation", step.generation});
    if (line.level == observe::LogLevel::debug) {
        fields.push_back({"from", control::to_string(step.from)});
        fields.push_back({"to", control::to_string(step.to)});
        fields.push_back({"took_us", step.duration_us});
    }
    log_.write(line.level, line.text, fields);
}

void Node::wake() {
    if (wake_posted_.exchange(true)) return;
    (void)control_loop_.post([this] {
        wake_posted_.store(false);
        advance();
    });
}

void Node::advance() {
    follow_rollout();
    const auto again_ms = supervisor_.advance();
    if (std::exchange(reload_waits_, false)) reload();
    if (rollout_ && !is_stopping_ && !supervisor_.busy()) wake();
    {
        auto list = supervisor_.list();
        const std::lock_guard lock(state_mutex_);
        plugins_ = std::move(list);
    }
    if (again_ms) {
        const std::uint64_t now_ms = clock_.monotonic_ms();
        control_loop_.arm(static_cast<runtime::TimerFor<Node, ControlTick>&>(*this),
                          *again_ms > now_ms ? std::min(*again_ms - now_ms, kTickMs) : 1);
    }
}

void Node::on_timer(ControlTick) {
    tickets_.expire(clock_.monotonic_ms());
    advance();
    manager_.beat(clock_.monotonic_ms(), longest_stuck_ms());
    control_loop_.arm(static_cast<runtime::TimerFor<Node, ControlTick>&>(*this), kTickMs);
    if (is_stopping_ && !supervisor_.busy()) stop_watchers();
}

bool Node::start_plugins() {
    const control::StartPlan plan = supervisor_.start(settings_->plugins);
    on_timer(ControlTick{});
    while (supervisor_.busy())
        control_loop_.run_once(static_cast<int>(kTickMs));
    advance();
    bool all = plan.blocked.empty();
    for (const control::PluginView& plugin : plugins()) {
        all = all && (!plugin.wanted || plugin.state == control::State::started);
        if (!plugin.wanted)
            log_.info("plugin is off",
                      {{"plugin", plugin.name}, {"setting", "plugins." + plugin.name + ".enabled"}});
    }
    return all;
}

int Node::run() {
    const runtime::RoleScope role(runtime::Role::control);
    signals_ = std::make_unique<SignalWatch>(control_loop_, [this](int signal) { on_signal(signal); });
    loops_.start();
    if (settings_->plugins.empty())
        log_.warn(
            "no plugin is enabled, so nothing is served: start with a configuration, for example "
            "-c config/streamhost.yaml");
    const bool has_all_plugins = start_plugins();
    if (!has_all_plugins) log_.warn("not every plugin started; what needs them answers unavailable");
    if (const std::string why = why_not_follow(has_all_plugins); !why.empty()) refuse_to_follow(why);
    signals_->look();  // one that came while the last plugin started
    if (drain_) {      // told to stop before it served anybody
        begin_drain();
    } else {
        serve();
    }
    (void)control_loop_.run();
    finish();
    return exit_code_;
}

void Node::serve() {
    for (std::uint32_t index = 0; index < sockets_.clients.size(); ++index)
        transport_->listen(index, sockets_.clients[index].sockets);
    house_.phase.store(SH_NODE_RUNNING);
    admin_->start();
    if (!follow()) return;
    await_follower();
    announce();
}

std::uint64_t Node::longest_stuck_ms() const {
    std::uint64_t longest_ns = 0;
    const std::uint64_t now_ns = clock_.monotonic_ns();
    for (std::size_t index = 0; index < loops_.all_size(); ++index)
        longest_ns = std::max(longest_ns, loops_.any_loop(index).meter().stuck_ns(now_ns));
    return longest_ns / 1'000'000;
}

void Node::announce() {
    for (const Settings::Listener& listener : settings_->listeners)
        log_.info("listening", {{"listener", listener.name}, {"address", listener.address}});
    log_.info("ready", {{"node", settings_->node_id}, {"admin", sockets_.admin.address}});
    // One line for people and scripts, on standard output; everything else is log.
    std::cout << ready_line(*settings_, sockets_.admin.address, clock_.wall_ms()) << std::flush;
    manager_.ready();
}

std::vector<control::PluginView> Node::plugins() const {
    const std::lock_guard lock(state_mutex_);
    return plugins_;
}

std::shared_ptr<const Settings> Node::settings() const {
    const std::lock_guard lock(state_mutex_);
    return settings_;
}

bool Node::on_control(std::function<void()> body) {
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> future = done->get_future();
    const auto posted = control_loop_.post([this, held = std::move(body), answer = std::move(done)] {
        const runtime::RoleScope role(runtime::Role::control);
        held();
        advance();
        answer->set_value();
    });
    if (posted != runtime::PostStatus::accepted ||
        future.wait_for(std::chrono::seconds(5)) != std::future_status::ready)
        return false;
    try {
        future.get();
        return true;
    } catch (const std::future_error&) {  // the loop ended, and what it had not done yet was dropped
        return false;
    }
}

std::string Node::report() {
    return make_report(house_, *settings(), plugins(), waiting_for_restart(), *transport_, backend_->link(),
                       clock_.monotonic_ms() - started_ms_);
}

void Node::register_metrics() {
    metrics_.add_collector(observe::kHostMetrics, [this](observe::Samples& out) {
        collect(out, house_, *settings(), *transport_);
        backend_->collect(out);
        app::collect(out, read_process());
        collect_configuration(out);
        const observe::Label build[] = {{"version", STREAMHOST_VERSION}, {"revision", kRevision}};
        out.gauge("build_info", "1; what runs here", build, 1);
    });
}

}  // namespace streamhost::app
