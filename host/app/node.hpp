#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/admin_server.hpp"
#include "app/settings.hpp"
#include "app/signals.hpp"
#include "bridge/delivery_hub.hpp"
#include "bridge/house.hpp"
#include "bridge/store_hub.hpp"
#include "bridge/transport_hub.hpp"
#include "control/supervisor.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop_group.hpp"
#include "runtime/timer_wheel.hpp"
#include "runtime/worker_pool.hpp"

namespace streamhost::app {

struct ControlTick {};
struct DrainDeadline {};

/// The composition root: makes the parts in the order of the floors, starts them, and takes them down the
/// other way round. The thread that calls run() is [control].
class Node final : private runtime::TimerFor<Node, ControlTick>,
                   private runtime::TimerFor<Node, DrainDeadline> {
public:
    /// Throws Poco::Exception or std::exception when an address is taken or the machine refuses something.
    Node(Settings settings, control::Catalogue& catalogue);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Serves until SIGTERM or SIGINT; the process' exit code.
    int run();

    /// [any] JSON for health and the admin API.
    [[nodiscard]] std::string report();
    [[nodiscard]] bridge::House& house() noexcept { return house_; }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] control::Supervisor& supervisor() noexcept { return supervisor_; }  ///< [control]
    /// [worker] Runs `body` on [control] and waits for it, at most five seconds; false then.
    bool on_control(std::function<void()> body);
    [[nodiscard]] std::vector<control::PluginView> plugins() const;  ///< [any] as of the last step

private:
    friend runtime::TimerFor<Node, ControlTick>;
    friend runtime::TimerFor<Node, DrainDeadline>;
    class Quiet;

    [[nodiscard]] control::LifecyclePorts make_ports();
    [[nodiscard]] bool post(sh_target target, runtime::Task&& task);
    void build_data_plane();
    void register_metrics();
    bool start_plugins();
    void log_step(const control::StepRecord& step);
    void advance();
    void wake();
    void on_timer(ControlTick);
    void on_timer(DrainDeadline);
    void announce() const;
    void on_signal(int signal);
    void begin_drain();
    void finish();

    Settings settings_;
    control::Catalogue& catalogue_;
    observe::Log log_{"host"};
    runtime::SystemClock clock_;
    observe::Metrics metrics_;
    runtime::Loop control_loop_;
    runtime::LoopGroup loops_;
    runtime::WorkerPool short_pool_;
    runtime::WorkerPool long_pool_;
    control::ServiceRegistry services_;
    control::Tickets tickets_;
    bridge::House house_;
    std::unique_ptr<bridge::StoreHub> store_;
    std::unique_ptr<bridge::DeliveryHub> delivery_;
    std::unique_ptr<bridge::TransportHub> transport_;
    std::unique_ptr<Quiet> quiescence_;
    control::LifecyclePorts ports_;
    control::Supervisor supervisor_;
    std::vector<std::vector<net::ListenSocket>> sockets_;
    std::unique_ptr<AdminServer> admin_;
    std::unique_ptr<SignalWatch> signals_;
    std::atomic<bool> wake_posted_{false};
    bool is_stopping_ = false;
    std::uint64_t started_ms_;
    std::uint64_t drain_until_ms_ = 0;  // of the wait for balancers; 0: over
    std::uint64_t drained_ms_ = 0;
    int exit_code_ = 0;
    mutable std::mutex plugins_mutex_;
    std::vector<control::PluginView> plugins_;  // guarded by plugins_mutex_
};

}  // namespace streamhost::app
