#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/admin_server.hpp"
#include "app/config_book.hpp"
#include "app/config_change.hpp"
#include "app/drain.hpp"
#include "app/drain_call.hpp"
#include "app/exit_watch.hpp"
#include "app/handover_giver.hpp"
#include "app/handover_taker.hpp"
#include "app/open_listeners.hpp"
#include "app/rollout.hpp"
#include "app/service_manager.hpp"
#include "app/settings.hpp"
#include "app/signals.hpp"
#include "app/step_words.hpp"
#include "app/store_backend.hpp"
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
struct DrainTick {};

/// The composition root (node.cpp), how it stops (node_stop.cpp), how another process follows it
/// (node_handover.cpp) and how it takes another configuration (node_reload.cpp): makes the parts in the order
/// of the floors, starts them, and takes them down the other way round. The thread that calls run() is
/// [control].
class Node final : private runtime::TimerFor<Node, ControlTick>, private runtime::TimerFor<Node, DrainTick> {
public:
    /// Throws Poco::Exception or std::exception when an address is taken or the machine refuses something.
    /// `sources` are read again at SIGHUP. `before`: the process that this one follows.
    Node(Settings settings, control::Catalogue& catalogue, config::Sources sources,
         std::optional<Handover> before);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Serves until SIGTERM or SIGINT; the process' exit code.
    int run();

    /// [any] JSON for health and the admin API.
    [[nodiscard]] std::string report();
    [[nodiscard]] bridge::House& house() noexcept { return house_; }
    [[nodiscard]] std::shared_ptr<const Settings> settings() const;                   ///< [any] in force now
    [[nodiscard]] control::Supervisor& supervisor() noexcept { return supervisor_; }  ///< [control]
    /// [worker] Runs `body` on [control] and waits for it, at most five seconds; false then.
    bool on_control(std::function<void()> body);
    [[nodiscard]] std::vector<control::PluginView> plugins() const;  ///< [any] as of the last step
    /// [control] What SIGTERM does, at once or so far. A repeat changes nothing, or adds the process' end.
    void leave(Leave what);
    [[nodiscard]] DrainView drain_view() const;  ///< [any] some milliseconds old

    // The configuration (node_reload.cpp).
    [[nodiscard]] const ConfigBook& config_book() const noexcept { return book_; }  ///< [any]
    /// [control] What the files, or the texts `instead` of them, would change. Changes nothing.
    [[nodiscard]] ConfigAnswer compare_config(const std::vector<config::Document>& instead);
    /// [control] Reads the files, checks all of them, and takes all of it or nothing.
    [[nodiscard]] ConfigAnswer take_files(const ConfigOrder& order);
    /// [control] Back to what was accepted before.
    [[nodiscard]] ConfigAnswer roll_back_config(const ConfigOrder& order);

private:
    friend runtime::TimerFor<Node, ControlTick>;
    friend runtime::TimerFor<Node, DrainTick>;
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
    void serve();
    void announce();
    [[nodiscard]] std::uint64_t longest_stuck_ms() const;

    // node_handover.cpp
    void open_handover();
    [[nodiscard]] std::string why_not_follow(bool has_all_plugins);
    [[nodiscard]] bool reach_store();
    void refuse_to_follow(const std::string& why);
    [[nodiscard]] bool follow();
    void await_follower();
    [[nodiscard]] std::string why_no_follower() const;
    [[nodiscard]] std::vector<HandedListener> handed_listeners() const;
    void give_way();
    void step_aside();

    // node_stop.cpp
    void on_signal(int signal);
    void begin_drain();
    void show_draining();
    void show_drain(std::uint64_t left);
    void on_timer(DrainTick);
    void stop_plugins();
    void stop_watchers();
    [[nodiscard]] std::string what_is_left() const;  // [any]
    void finish();

    // node_reload.cpp
    void reload();
    [[nodiscard]] std::string why_no_change_now() const;
    [[nodiscard]] ChangePlan plan_to(const config::Configuration& wanted) const;
    [[nodiscard]] Candidate read_files(const std::vector<config::Document>& instead);
    [[nodiscard]] ConfigAnswer may_change(const ConfigOrder& order) const;
    ConfigAnswer refuse(const ConfigOrder& order, const std::string& reason, ConfigAnswer answer);
    ConfigAnswer take(const std::shared_ptr<const config::Configuration>& configuration,
                      const TlsContexts& tls, const ConfigOrder& order, const std::string& back);
    void taken(const std::string& state);
    void apply(Settings fresh);
    [[nodiscard]] std::vector<Settings::Listener> renewed_listeners(const Settings& fresh);
    struct Handed {
        std::vector<std::string> took;
        std::vector<std::string> left;  // plugins that go on with their former section
        std::string refused;
    };
    [[nodiscard]] Handed hand_out(const std::vector<std::string>& plugins,
                                  const config::Configuration& configuration);
    [[nodiscard]] Rollout::Ports rollout_ports();
    void follow_rollout();
    [[nodiscard]] std::vector<std::string> waiting_for_restart() const;  // [any]
    void collect_configuration(observe::Samples& out) const;             // [any]

    mutable std::mutex state_mutex_;
    std::shared_ptr<const Settings> settings_;  // guarded by state_mutex_, replaced on [control] alone
    std::vector<control::PluginView> plugins_;  // guarded by state_mutex_
    DrainView drain_view_;                      // guarded by state_mutex_
    ConfigBook book_;
    std::optional<Rollout> rollout_;  // of a changed configuration, while plugins follow it
    ConfigOrder rollout_order_;       // the last one
    std::string rolls_back_because_;  // why; empty: it was a new configuration
    control::Catalogue& catalogue_;
    const config::Sources sources_;
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
    std::unique_ptr<StoreBackend> backend_;  // outlives the store
    std::unique_ptr<bridge::StoreHub> store_;
    std::unique_ptr<bridge::DeliveryHub> delivery_;
    std::unique_ptr<bridge::TransportHub> transport_;
    std::unique_ptr<Quiet> quiescence_;
    control::LifecyclePorts ports_;
    StepWords step_words_;
    control::Supervisor supervisor_;
    OpenListeners sockets_;
    std::optional<Handover> before_;  // until it leaves
    net::OwnedDescriptor handover_socket_;
    net::SocketFile handover_file_;
    net::SocketFile handover_heir_;  // the same, from when the process that gave it has left
    std::unique_ptr<HandoverGiver> giver_;
    bool stepped_aside_ = false;  // another process serves
    std::unique_ptr<AdminServer> admin_;
    std::unique_ptr<SignalWatch> signals_;
    ServiceManager manager_;
    std::atomic<bool> wake_posted_{false};
    std::optional<Drain> drain_;  // from the first order on
    std::uint64_t websockets_at_drain_ = 0;
    bool is_signalled_ = false;
    bool reload_waits_ = false;                    // for the supervisor
    bool is_stopping_ = false;                     // plugins are on their way out
    std::optional<std::uint64_t> admin_until_ms_;  // they have gone but for the last ones: for it to close
    bool is_last_ = false;                         // these, too, are on their way
    std::uint64_t started_ms_;
    int exit_code_ = 0;
    std::atomic<std::uint64_t> reloads_{0};
    std::atomic<std::uint64_t> reloads_refused_{0};
    std::atomic<std::uint64_t> reloads_rolled_back_{0};
    std::optional<ExitWatch> exit_watch_;  // once the process is to end
};

}  // namespace streamhost::app
