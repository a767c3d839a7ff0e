// The runs of this node, from an accepted message to a concluded answer. All state lives on the store loop;
// a worker thread touches its own run's writer and signal only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/trace.hpp"

#include "conclusion.hpp"
#include "ports.hpp"
#include "queue_port.hpp"
#include "reaper.hpp"
#include "run_machine.hpp"
#include "run_queue.hpp"
#include "run_writer.hpp"
#include "sent_runs.hpp"
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
    Runs(streamhost::Host& host, Settings settings, Cache cache, OpenRuns open, QueuePort queue);
    Runs(const Runs&) = delete;
    Runs& operator=(const Runs&) = delete;

    void send(const std::shared_ptr<const Message>& message, sh_ticket ticket);
    void cancel(const std::string& run, const std::string& reason, sh_ticket ticket);
    // Each kTickMs.
    void tick();
    // Each kRefreshTickMs.
    void refresh();
    // A worker's runs: free places, one that the queue gave (`settle` lets the queue forget it), a cancel.
    [[nodiscard]] std::uint32_t free_places() const noexcept;
    void on_free_place(std::function<void()> told) { free_place_ = std::move(told); }
    void take(const TakenJob& job, std::function<void()> settle);
    void hear_cancelled(const std::string& run);
    // From the store: behind another link the list of open runs may be another one.
    void hear_link(bool up, std::uint64_t epoch);
    // Each kQueueTickMs.
    void tick_queue();

    // No new runs.
    void refuse();
    // The store ends with this process: nobody else can take what waits.
    [[nodiscard]] bool is_last() const { return queue_.dies_with_us(); }
    // Ends all that has not ended with `unavailable`, and hands over what another node may go on with.
    // Repeats are fine.
    void end_all();
    // Runs that are not over, wait for a worker or are on their way to another one, and threads that have not
    // come back. [any]
    [[nodiscard]] std::uint32_t left() const noexcept { return left_.load(); }
    // Threads that produce an answer. [any]
    [[nodiscard]] std::uint32_t active() const noexcept { return active_.load(); }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

private:
    struct Sending;
    struct Run;
    using Ref = std::shared_ptr<Run>;

    // runs_send.cpp: from message to pending run
    [[nodiscard]] bool may_answer(const Message& message) const;
    // From the order on; this plugin is asked to stop when the clients have gone.
    [[nodiscard]] bool is_node_ending() const;
    void open(const std::shared_ptr<Sending>& sending);
    void store(const std::shared_ptr<Sending>& sending);
    void stored(const std::shared_ptr<Sending>& sending, const sh_result& result);
    void refuse_send(const std::shared_ptr<Sending>& sending, const sh_result& result);
    [[nodiscard]] std::shared_ptr<Sending> put_together(const std::shared_ptr<const Message>& message);
    // A message that was given up while the store was away.
    struct Unsure {
        std::string hash;
        std::string id;
        std::string run;
        std::int64_t since_ms = 0;
    };
    [[nodiscard]] static std::string place_of(const Sending& sending);
    void keep_unsure(const Sending& sending);
    [[nodiscard]] Unsure take_unsure(const Sending& sending);
    void list_open(const std::string& run, std::uint32_t tries);

    // runs.cpp: from pending to over
    void act(const Ref& run, Act act);
    void pump();
    void claim(const Ref& run);
    void start(const Ref& run);
    void finish(const Ref& run);
    void conclude(const Ref& run);
    void forget(const Ref& run);
    void later(std::uint32_t delay_ms, std::function<void()> body);
    void count();
    Ref find(const std::string& run) const;

    // runs_prompt.cpp: what a provider has to know
    void prepare(const Ref& run);
    void read_prefix(const Ref& run);
    void find_message(const Ref& run);
    void read_context(const Ref& run, std::uint64_t from, std::uint64_t count);

    // runs_take.cpp: runs that came over a queue
    void claimed_taken(const Ref& run, const sh_result& result);
    void proceed(const Ref& run);
    void find_job(const Ref& run);
    void end_lost(const Ref& run);
    void start_over(const Ref& run);
    void store_again(const Ref& run, const std::string& user);
    void watch();
    void watched(const Ref& run, const sh_stream_info& info);
    void end_taken(const Ref& run);
    void hand_over(const Ref& run);
    void fenced(const Ref& run);

    // runs_trace.cpp
    void begin_span(const Ref& run) const;
    static void end_span(const Ref& run, std::string_view outcome);
    [[nodiscard]] streamhost::Span begin_call(const Ref& run) const;

    // runs_work.cpp: the thread's side
    void work(const Ref& run);
    [[nodiscard]] Verdict produce(const Ref& run);
    void hand_in(const Ref& run, const Verdict& verdict);
    void fail_run(const Ref& run, const Verdict& verdict);
    void tell_failure(const Ref& run, const Verdict& verdict);
    void end_with(const Ref& run, const Verdict& verdict);
    void find_out(const Ref& run);
    void to_store(std::function<void()> body);
    void do_owed();
    void first_token(const Ref& run);

    streamhost::Host& host_;
    Settings settings_;
    Cache cache_;
    OpenRuns open_;
    QueuePort queue_;
    Concluder concluder_;
    Telemetry telemetry_;
    streamhost::Tracer tracer_;
    RunQueue waiting_;  // for a worker
    Reaper reaper_;
    std::map<std::string, std::shared_ptr<Sending>> sending_;
    std::map<std::string, Unsure> unsure_;  // by place_of()
    SentRuns sent_;                         // and not looked after here
    std::map<std::string, Ref> runs_;
    std::deque<Ref> pending_;
    std::deque<Ref> ready_;       // claimed, waiting for a thread
    std::uint32_t admitted_ = 0;  // between pending and producing
    std::uint32_t workers_ = 0;   // threads that have not come back
    std::string refreshed_;       // the run whose place in the list of open runs was renewed last
    double refresh_due_ = 0;      // how many are to be renewed now
    std::uint32_t taken_ = 0;     // of runs_, those that came over the queue
    std::uint32_t handed_ = 0;    // given back, and the queue has not said that it has them
    std::function<void()> free_place_;
    std::uint32_t ticks_ = 0;
    bool refuses_ = false;
    bool ends_all_ = false;
    bool retry_armed_ = false;
    std::mutex owed_mutex_;
    std::vector<std::function<void()>> owed_;  // what the store loop had no room for
    std::atomic<std::uint32_t> left_{0};
    std::atomic<std::uint32_t> active_{0};
};

}  // namespace chat
