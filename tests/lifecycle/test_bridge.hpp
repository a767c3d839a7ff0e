#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "control/supervisor.hpp"
#include "runtime/clock.hpp"
#include "runtime/gate.hpp"
#include "runtime/loop_group.hpp"
#include "runtime/worker_pool.hpp"

namespace streamhost::test {

/// A directory of its own under the system's temporary directory, removed at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Puts a test plugin in as `<as>.so`, the way an operator should: by rename, never by writing over it.
    void install(const std::string& plugin, const std::string& as) const;

private:
    std::filesystem::path path_;
};

/// The house without sockets: loops, a store loop and workers of their own threads, the room under test, and
/// the three extensions that plugins of these tests use. The test's thread is [control].
class TestHost {
public:
    explicit TestHost(control::LifecycleLimits limits = {
                          .drain_ms = 200, .drain_poll_ms = 5, .settle_ms = 5'000});
    ~TestHost();  ///< everything stopped
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    void install(const std::string& plugin) { install(plugin, plugin); }
    void install(const std::string& plugin, const std::string& as);
    /// Drives [control] until nothing is under way. False after ten seconds.
    [[nodiscard]] bool settle();
    [[nodiscard]] bool start(const std::set<std::string>& wanted);
    [[nodiscard]] bool toggle(const std::string& name, bool enable);
    [[nodiscard]] control::PluginView view(const std::string& name) const;
    [[nodiscard]] std::string reason(const std::string& name) const { return view(name).reason; }
    [[nodiscard]] control::State state(const std::string& name) const { return view(name).state; }
    /// The reason of the step into `to`, the last one; "no such step" when it was never taken.
    [[nodiscard]] std::string reason_of_step(const std::string& name, control::State to) const;
    /// A lease for the test itself: it calls like a plugin that uses the sample service.
    [[nodiscard]] const sh_lease* sample_lease();

    static constexpr std::uint32_t kLoops = 2;
    runtime::SystemClock clock;
    runtime::LoopGroup loops;
    runtime::WorkerPool workers;
    TemporaryDirectory plugins;
    TemporaryDirectory run;
    control::ServiceRegistry services;
    control::Tickets tickets;
    control::LibraryLoader loader;
    control::Catalogue catalogue;
    std::vector<control::StepRecord> steps;
    std::vector<std::string> faults;  // guarded by mutex_
    std::atomic<int> live_timers{0};
    std::function<void()> on_control;  ///< after each thing that [control] did

    [[nodiscard]] bool post(sh_target target, runtime::Task&& task);
    [[nodiscard]] std::vector<std::string> faults_seen() const;

private:
    class Rounds final : public control::Quiescence {
    public:
        explicit Rounds(runtime::LoopGroup& loops) : loops_(loops) {}
        void when_quiet(runtime::Task quiet) override { runtime::quiesce(loops_, std::move(quiet)); }

    private:
        runtime::LoopGroup& loops_;
    };
    void wake();
    [[nodiscard]] std::deque<runtime::Task> take_control_tasks(std::optional<std::uint64_t> due_ms);

    Rounds rounds_;
    control::LifecyclePorts ports_;

public:
    control::Supervisor supervisor;

private:
    mutable std::mutex mutex_;
    std::condition_variable woken_;
    std::deque<runtime::Task> control_tasks_;
    bool wake_ = false;
    std::shared_ptr<control::Instance> test_user_;
};

}  // namespace streamhost::test
