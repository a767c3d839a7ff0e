// One node: the product's keeper, followers and producers, and around them the few lines that in the product
// speak to the store (host/redis/driver/streams.cpp and repair.cpp, plugins/pubsub/streams.cpp,
// plugins/streamcache/local_producers.cpp).
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
#include "plugins/pubsub/follower.hpp"
#include "plugins/streamcache/producer.hpp"
#include "redis/driver/keeper.hpp"
#include "sim/cluster.hpp"
#include "sim/oracle.hpp"

namespace streamhost::sim {

struct World {
    Events events;
    Random random;
    Mutation mutation;
    Oracle oracle;
    Cluster cluster;
    std::uint64_t length;  // of a run's text, its end included
    std::int64_t pace_ms;  // between two words, at most
    bool is_job_doubled;   // both workers hear of each run
    std::uint64_t pids = 0;
    std::ostream* trace = nullptr;

    World(std::uint64_t seed, Mutation broken)
        : random(seed),
          mutation(broken),
          cluster(events, random, broken),
          length(static_cast<std::uint64_t>(random.between(10, 40))),
          pace_ms(random.between(20, 200)),
          is_job_doubled(random.chance(30)) {}
    // For a schedule that is looked at alone.
    template <typename... Parts>
    void note(const Parts&... parts) {
        if (trace == nullptr) return;
        *trace << "  " << events.now_ms() << " ms:";
        ((*trace << ' ' << parts), ...);
        *trace << '\n';
    }
    [[nodiscard]] std::uint64_t new_pid(std::size_t node) { return ++pids * 10 + node; }
};

class Node final : public NodePort {
public:
    Node(World& world, std::size_t index);

    void live(const Batch& batch) override;
    void link_up() override;
    std::function<void()> on_node(std::function<void()> task) override;

    void boot();
    void crash();
    void pause(std::int64_t ms);
    [[nodiscard]] bool is_up() const noexcept { return is_up_; }

    void attach(std::size_t reader, std::size_t run);
    void detach(std::size_t reader, std::size_t run);

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
    struct Producing {
        std::optional<streamcache::Producer> producer;
        std::uint64_t pid = 0;
        std::uint64_t next_seq = 0;
        bool is_claiming = false;
        std::uint32_t words = 0;
    };
    using Done = Cluster::Done;

    template <typename Task>
    void later(std::int64_t ms, Task task) {
        world_.events.after(ms, on_node(std::move(task)));
    }
    void tick();
    void send(Command command, Done done);

    // node_keeper.cpp: run_kept, settle and repair of the driver
    void call_kept(redis::Keep::Kind kind, Command command, Done done);
    void settle(redis::Keep::Kind kind, std::uint32_t number, bool was_repaired, const Reply& reply,
                const Done& done);
    void repair(const std::string& home, std::function<void()> done);

    // node_producer.cpp
    void look_for_work(std::size_t run);
    void claim(std::size_t run);
    void produce(std::size_t run, std::uint64_t pid);
    void pump(std::size_t run);
    void appended(std::size_t run, std::uint64_t pid, const Reply& reply);
    void answer(std::size_t run, std::uint64_t pid, const std::vector<streamcache::Answer>& answers);
    void drop_if_over(std::size_t run);

    // node_follower.cpp
    void open(std::size_t run);
    void opened(std::size_t run, const Reply& tail);
    void apply(std::size_t run, pubsub::Step step);
    void read(std::size_t run, std::uint64_t from);
    void page(std::size_t run, const Reply& reply);
    void check_tail(std::size_t run);
    [[nodiscard]] std::vector<sh_record> records(std::size_t run, const Entries& entries);
    void deliver(std::size_t run, std::span<const sh_record> records);
    void join_all(std::size_t run);
    void join(std::size_t run, std::size_t reader, std::uint64_t from, Entries text, std::int64_t since_ms);
    bool joined(std::size_t run, std::size_t reader, const Entries& text, std::int64_t& behind_since_ms);

    World& world_;
    const std::size_t index_;
    bool is_up_ = false;
    std::uint64_t life_ = 0;
    std::int64_t paused_until_ms_ = 0;

    std::optional<redis::Keeper> keeper_;
    std::vector<CommandRef> commands_;  // a kept call names its number here
    chat::StoreWatch watch_;
    std::array<Followed, kRuns> followed_;
    std::array<Producing, kRuns> producing_;
};

}  // namespace streamhost::sim
