// One node: the product's driver with its keeper, over the port of port.hpp; its followers, its producers,
// and the machines that decide what becomes of a run. Around them the few lines that in the product speak to
// the host (plugins/pubsub/streams.cpp, plugins/streamcache/local_producers.cpp, plugins/chat/runs_take.cpp,
// run_queue.cpp, reaper.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "plugins/chat/reaper.hpp"
#include "plugins/chat/remote_terms.hpp"
#include "plugins/chat/run_machine.hpp"
#include "plugins/chat/run_queue.hpp"
#include "plugins/chat/wait_machine.hpp"
#include "plugins/pubsub/follower.hpp"
#include "plugins/streamcache/doubtful_claims.hpp"
#include "plugins/streamcache/producer.hpp"
#include "redis/driver/redis_store.hpp"
#include "sim/cluster.hpp"
#include "sim/oracle.hpp"
#include "sim/port.hpp"
#include "sim/wire.hpp"
#include "store/store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kWorkers = 2;  // the first nodes
inline constexpr std::size_t kGateway = 2;  // accepts the messages that the runs answer

class Node;

struct World {
    Events events;
    Random random;
    Mutation mutation;
    Oracle oracle;
    Cluster cluster;
    std::uint64_t length;  // of a run's text, its end included
    std::int64_t pace_ms;  // between two words, at most
    bool is_job_doubled;   // both workers hear of each job: a queue that failed over
    chat::RemoteTerms terms;
    std::array<std::int64_t, kRuns> due_ms{};  // of the list of open runs
    std::array<Node*, 3> nodes{};
    std::uint64_t pids = 0;
    std::uint64_t keys = 0;
    std::ostream* trace = nullptr;

    World(std::uint64_t seed, Mutation broken)
        : random(seed),
          mutation(broken),
          cluster(events, random, broken),
          length(static_cast<std::uint64_t>(random.between(10, 40))),
          pace_ms(random.between(20, 200)),
          is_job_doubled(random.chance(30)) {
        terms.policy = random.chance(80) ? chat::Policy::go_on : chat::Policy::fail;
    }
    // For a schedule that is looked at alone.
    template <typename... Parts>
    void note(const Parts&... parts) {
        if (trace == nullptr) return;
        *trace << "  " << events.now_ms() << " ms:";
        ((*trace << ' ' << parts), ...);
        *trace << '\n';
    }
    [[nodiscard]] std::uint64_t new_pid(std::size_t node) { return ++pids * 10 + node; }
    [[nodiscard]] std::string new_key() { return "k" + std::to_string(++keys); }
};

class Node final : private store::StoreLoop, private store::LiveSink {
public:
    Node(World& world, std::size_t index);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    // Whatever still waits is answered, and is nobody's any more.
    ~Node() override {
        is_up_ = false;
        store_.reset();
    }

    void boot();
    void crash();
    void pause(std::int64_t ms);
    [[nodiscard]] bool is_up() const noexcept { return is_up_; }

    void attach(std::size_t reader, std::size_t run);
    void detach(std::size_t reader, std::size_t run);

    // A message came that this run answers.
    void accept(std::size_t run);
    // The queue hands it out.
    void hand(std::size_t run);
    // A user does.
    void cancel(std::size_t run);
    void say(std::size_t session, const std::string& key);

private:
    struct Followed {
        std::optional<pubsub::Follower> follower;
        std::int64_t heard_ms = 0;
        std::optional<std::int64_t> behind_since_ms;
        bool is_opening = false;
        std::uint64_t highest_fence = 0;
        std::vector<std::size_t> readers;  // that stand where the follower does
        std::vector<std::size_t> joining;
    };
    struct Work {
        chat::RunMachine machine{chat::RunLimits{.without_claim = chat::Act::forget}};
        std::optional<streamcache::Producer> producer;
        std::uint64_t pid = 0;
        std::uint64_t fence = 0;
        std::uint64_t next_seq = 0;
        std::uint32_t words = 0;
        store::State end = store::State::kLost;  // what a finish is to store
    };

    [[nodiscard]] std::int64_t now_ms() const override { return world_.events.now_ms(); }
    void post(std::function<void()> task) override { later(0, std::move(task)); }
    void post_at(std::int64_t at_ms, std::function<void()> task) override {
        world_.events.at(at_ms, on_node(std::move(task)));
    }
    void on_records(std::string_view stream_id, std::span<const store::Record> records) override;
    void on_topic(std::string_view, std::string_view, const store::Buffer&) override {}
    void on_link(store::Link link, std::uint64_t epoch) override;

    std::function<void()> on_node(std::function<void()> task);
    template <typename Task>
    void later(std::int64_t ms, Task task) {
        world_.events.after(ms, on_node(std::move(task)));
    }
    // An answer of the store, unless the node that asked is gone.
    template <typename Then>
    auto heard(Then then) {
        return [this, life = life_, then = std::move(then)](const auto& result) mutable {
            if (is_up_ && life == life_) then(result);
        };
    }
    void tick();
    // Of one stream: status and, with kOk, where it stands.
    template <typename Then>
    void tail(std::size_t run, Then then) {
        const std::string id = id_of(run);
        const std::string_view ids[] = {id};
        (void)store_->streams().tail({.ids = ids},
                                     heard([then = std::move(then)](const auto& result) mutable {
                                         const bool is_good = result.status == Status::kOk;
                                         then(is_good ? result.items[0].status : result.status,
                                              is_good ? result.items[0].info : store::StreamInfo());
                                     }));
    }

    // node_producer.cpp
    void tend(std::size_t run);
    void act(std::size_t run, chat::Act act);
    void claim(std::size_t run);
    void claimed(std::size_t run, std::uint64_t pid, const store::StreamResult& result);
    void produce(std::size_t run, std::uint64_t pid);
    void pump(std::size_t run);
    void appended(std::size_t run, std::uint64_t pid, const store::StreamResult& result);
    void answer(std::size_t run, std::uint64_t pid, const std::vector<streamcache::Answer>& answers);
    void stopped(std::size_t run, sh_status why);
    void finish(std::size_t run);
    void conclude(std::size_t run);
    [[nodiscard]] Work* work_of(std::size_t run, std::uint64_t pid);

    // node_queue.cpp
    void watch_queue();
    void step(std::size_t run);
    void push(std::size_t run);
    void look(std::size_t run);
    void reap();
    void look_after(std::size_t run, const store::StreamInfo& info);
    void judge(std::size_t run, const store::StreamInfo& info);
    void end_run(std::size_t run, store::State state, std::uint64_t fence, std::function<void()> retry);
    void tell_session(std::size_t run, std::function<void(sh_status)> told);

    // node_follower.cpp
    void open(std::size_t run);
    void opened(std::size_t run, Position head);
    void apply(std::size_t run, pubsub::Step step);
    void read(std::size_t run, std::uint64_t from);
    void page(std::size_t run, const store::ReadResult& result);
    void check_tail(std::size_t run);
    [[nodiscard]] std::vector<sh_record> records(std::size_t run, const Entries& entries);
    void deliver(std::size_t run, std::span<const sh_record> records);
    void join(std::size_t run, std::size_t reader, std::uint64_t from, Entries text, std::int64_t since_ms);
    bool joined(std::size_t run, std::size_t reader, const Entries& text, std::int64_t& behind_since_ms);

    World& world_;
    const std::size_t index_;
    bool is_up_ = false;
    std::uint64_t life_ = 0;
    std::int64_t paused_until_ms_ = 0;

    std::optional<SimPort> port_;
    std::unique_ptr<store::Store> store_;
    chat::StoreWatch watch_;
    std::array<Followed, kRuns> followed_;
    std::array<std::optional<Work>, kRuns> works_;
    streamcache::DoubtfulClaims doubtful_;
    std::array<std::optional<chat::WaitMachine>, kRuns> waits_;
    bool is_watching_queue_ = false;
};

[[nodiscard]] sh_status status_of(Status status) noexcept;

}  // namespace streamhost::sim
