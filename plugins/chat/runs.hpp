// The runs of this node, from an accepted message to a concluded answer. All state lives on the store loop;
// a worker thread touches its own run's writer and signal only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "conclusion.hpp"
#include "ports.hpp"
#include "reaper.hpp"
#include "run_machine.hpp"
#include "run_writer.hpp"
#include "settings.hpp"
#include "telemetry.hpp"
#include "texts.hpp"

namespace chat {

struct Message {
    std::string session;
    std::string user;
    std::string key;
    Job job;
};

class Runs {
public:
    Runs(streamhost::Host& host, Settings settings, Cache cache, OpenRuns open);
    Runs(const Runs&) = delete;
    Runs& operator=(const Runs&) = delete;

    void send(const std::shared_ptr<const Message>& message, sh_ticket ticket);
    void cancel(const std::string& run, const std::string& reason, sh_ticket ticket);
    // Each kTickMs.
    void tick();
    // Each kRefreshTickMs.
    void refresh();
    // No new runs.
    void refuse() { refuses_ = true; }
    // Ends all that has not ended with `unavailable`. Repeats are fine.
    void end_all();
    // Runs that are not over, and threads that have not come back. [any]
    [[nodiscard]] std::uint32_t left() const noexcept { return left_.load(); }
    // Threads that produce an answer. [any]
    [[nodiscard]] std::uint32_t active() const noexcept { return active_.load(); }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

private:
    struct Sending;
    struct Run;
    using Ref = std::shared_ptr<Run>;

    // runs_send.cpp: from message to pending run
    void open(const std::shared_ptr<Sending>& sending);
    void store(const std::shared_ptr<Sending>& sending);
    void stored(const std::shared_ptr<Sending>& sending, const sh_result& result);
    void refuse_send(const std::shared_ptr<Sending>& sending, const sh_result& result);

    // runs.cpp: from pending to over
    void act(const Ref& run, Act act);
    void pump();
    void claim(const Ref& run);
    void prepare(const Ref& run);
    void start(const Ref& run);
    void finish(const Ref& run);
    void conclude(const Ref& run);
    void forget(const Ref& run);
    void later(std::uint32_t delay_ms, std::function<void()> body);
    void count();
    Ref find(const std::string& run) const;

    // runs_work.cpp: the worker's side
    void work(const Ref& run);
    [[nodiscard]] Verdict produce(const Ref& run);
    void hand_in(const Ref& run, const Verdict& verdict);
    void fail_run(const Ref& run, Verdict verdict);
    void to_store(std::function<void()> body);
    void first_token(const Ref& run);

    streamhost::Host& host_;
    Settings settings_;
    Cache cache_;
    OpenRuns open_;
    Concluder concluder_;
    Reaper reaper_;
    Telemetry telemetry_;
    std::map<std::string, std::shared_ptr<Sending>> sending_;
    std::map<std::string, Ref> runs_;
    std::deque<Ref> pending_;
    std::deque<Ref> ready_;       // claimed, waiting for a thread
    std::uint32_t admitted_ = 0;  // between pending and producing
    std::uint32_t workers_ = 0;   // threads that have not come back
    std::string refreshed_;       // the run whose place in the list of open runs was renewed last
    double refresh_due_ = 0;      // how many are to be renewed now
    bool refuses_ = false;
    bool retry_armed_ = false;
    std::atomic<std::uint32_t> left_{0};
    std::atomic<std::uint32_t> active_{0};
};

}  // namespace chat
