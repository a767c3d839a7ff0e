#include <algorithm>
#include <csignal>
#include <utility>

#include <Poco/String.h>
#include <unistd.h>

#include "app/node.hpp"

namespace streamhost::app {

namespace {

constexpr std::uint64_t kLookMs = 20;
constexpr std::uint64_t kLogMs = 200;
constexpr std::uint64_t kStuckMs = 100;    // a round of a loop that is worth a word
constexpr std::uint64_t kAdminMs = 1'000;  // for requests of the admin listener that are under way

}  // namespace

void Node::on_signal(int signal) {
    if (signal == SIGHUP) return reload();
    if (is_signalled_) {  // both in one reading; later ones do not come this way
        log_.warn("second signal: leaving at once");
        (void)observe::flush_logging(kLogMs);
        ::_exit(1);
    }
    is_signalled_ = true;
    leave_at_next_signal();
    leave(Leave::process);
}

void Node::leave(Leave what) {
    if (giver_) giver_->call_off("the process that runs is stopping");
    if (!drain_) drain_.emplace(settings_->drain);
    if (what == Leave::process && !drain_->is_ending()) {
        drain_->end(clock_.monotonic_ms());
        if (!stepped_aside_ && !before_) manager_.stopping();
        exit_watch_.emplace(settings_->drain.exit_within_ms, [this] { return what_is_left(); });
        if (drain_->has_begun()) log_.info("the process ends, too");
    }
    // While plugins start, run() goes on from here when they have.
    if (house_.phase.load() == SH_NODE_RUNNING && !drain_->has_begun()) begin_drain();
}

void Node::show_draining() {
    house_.phase.store(SH_NODE_DRAINING);
    transport_->counters().draining.store(true);
    transport_->counters().closing.store(true);
}

void Node::begin_drain() {
    // Where another process serves nobody comes any more, and who came just before is let in.
    if (!stepped_aside_) show_draining();
    websockets_at_drain_ = transport_->counters().clients();
    log_.info("draining", {{"websockets", websockets_at_drain_},
                           {"window_ms", settings_->drain.window_ms},
                           {"exit_within_ms", settings_->drain.exit_within_ms},
                           {"process_ends", drain_->is_ending()}});
    drain_->begin(clock_.monotonic_ms());
    on_timer(DrainTick{});
}

DrainView Node::drain_view() const {
    const std::lock_guard lock(state_mutex_);
    return drain_view_;
}

void Node::show_drain(std::uint64_t left) {
    const std::uint64_t now_ms = clock_.monotonic_ms();
    DrainView view;
    view.state = drain_->state(left);
    view.is_ending = drain_->is_ending();
    view.elapsed_ms = drain_->elapsed_ms(now_ms);
    view.clients_ms = left > 0 ? drain_->clients_ms(now_ms) : 0;
    view.websockets = left;
    view.websockets_at_start = websockets_at_drain_;
    view.window_ms = settings_->drain.window_ms;
    std::optional<Drain::State> before;
    {
        const std::lock_guard lock(state_mutex_);
        before = std::exchange(drain_view_, view).state;
    }
    if (view.state == Drain::State::drained && before != view.state && !view.is_ending)
        log_.info("drained: no client is left", {{"took_ms", view.elapsed_ms}});
}

// Looks every few milliseconds: nobody says when the last client has gone.
void Node::on_timer(DrainTick) {
    const std::uint64_t left = transport_->counters().clients();
    for (Drain::Step step = drain_->next(clock_.monotonic_ms(), left); step != Drain::Step::none;
         step = drain_->next(clock_.monotonic_ms(), left)) {
        switch (step) {
        case Drain::Step::send_away:
            show_draining();
            transport_->drain(static_cast<std::uint32_t>(drain_->clients_ms(clock_.monotonic_ms())));
            break;
        case Drain::Step::stop_plugins:
            if (left > 0) log_.warn("connections are left after their time to go", {{"websockets", left}});
            stop_plugins();
            break;
        case Drain::Step::give_up:
            if (admin_until_ms_) break;  // those who may take their time have ended
            log_.error("the plugins' time to stop is over; ending with what is left",
                       {{"left", what_is_left()}});
            exit_code_ = 1;
            return control_loop_.request_stop(0);
        case Drain::Step::none: break;
        }
        if (step == Drain::Step::send_away && left > 0) break;  // they are asked on their loops
    }
    show_drain(left);
    control_loop_.arm(static_cast<runtime::TimerFor<Node, DrainTick>&>(*this), kLookMs);
}

void Node::stop_plugins() {
    house_.phase.store(SH_NODE_STOPPING);
    is_stopping_ = true;
    sockets_.remove_client_files();
    transport_->stop_listening();
    sockets_.close_clients();
    supervisor_.stop_all(drain_->plugin_ms(clock_.monotonic_ms()));
    wake();
}

// By name, since what it hangs on is what somebody has to look at.
std::string Node::what_is_left() const {
    std::vector<std::string> left;
    for (const control::PluginView& plugin : plugins())
        if (plugin.state >= control::State::created && plugin.state < control::State::retired)
            left.push_back("plugin " + plugin.name + " (" + std::string(control::to_string(plugin.state)) +
                           ")");
    for (const runtime::WorkerPool* pool : {&short_pool_, &long_pool_})
        for (const runtime::WorkerPool::Running& job : pool->running())
            left.push_back("job " + job.name + " for " + std::to_string(job.for_ms) + " ms");
    const auto look = [&](const runtime::Loop& loop) {
        const std::uint64_t stuck_ms = loop.meter().stuck_ns(clock_.monotonic_ns()) / 1'000'000;
        if (stuck_ms >= kStuckMs)
            left.push_back("loop " + loop.options().name + " busy for " + std::to_string(stuck_ms) + " ms");
    };
    look(control_loop_);
    for (std::size_t index = 0; index < loops_.all_size(); ++index)
        look(loops_.any_loop(index));
    left.push_back(std::to_string(transport_->counters().clients()) + " clients");
    return Poco::cat(std::string(", "), left.begin(), left.end());
}

// Whoever watches the node sees how it ends: what answers there stops when nobody can ask any more.
void Node::stop_watchers() {
    if (is_last_) return control_loop_.request_stop(0);
    const std::uint64_t now_ms = clock_.monotonic_ms();
    if (!admin_until_ms_) {
        sockets_.admin.file.remove();
        admin_until_ms_ = now_ms + std::min(kAdminMs, drain_->left_ms(now_ms) / 2);
    }
    const bool is_closed = admin_->close();
    if (!is_closed && now_ms < *admin_until_ms_) return;  // until the next tick
    if (is_closed) admin_.reset();                        // and its descriptor
    sockets_.admin.sockets.clear();
    is_last_ = true;
    supervisor_.stop_last();
    wake();
}

// Each wait gets an equal part of what is left, so that one that hangs leaves the others theirs.
void Node::finish() {
    signals_.reset();
    giver_.reset();
    handover_file_.remove();
    sockets_.admin.file.remove();  // given up: it is still there
    admin_.reset();
    sockets_ = {};
    const std::uint64_t grace_ms = std::max<std::uint64_t>(drain_->left_ms(clock_.monotonic_ms()) / 5, 1);
    std::string left;
    for (runtime::WorkerPool* pool : {&short_pool_, &long_pool_}) {
        for (const std::string& job : pool->stop(grace_ms).running) {
            log_.warn("still running", {{"job", job}});
            left += " job " + job;
        }
    }
    (void)loops_.store_loop().post([this] { store_->store().shutdown(); });
    for (const std::string& loop : loops_.stop(grace_ms).stuck) {
        log_.error("a loop did not end", {{"loop", loop}});
        left += " loop " + loop;
    }
    log_.info("stopped");
    // What still runs may call into what would be taken down now.
    if (!left.empty()) leave_with(left.substr(1));
}

}  // namespace streamhost::app
