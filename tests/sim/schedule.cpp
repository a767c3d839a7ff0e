#include "sim/schedule.hpp"

#include <array>
#include <memory>

#include "sim/node.hpp"

namespace streamhost::sim {

namespace {

constexpr std::int64_t kDeadlineMs = 120'000;  // for everybody, once the faults are over
constexpr std::int64_t kSettleMs = 8'000;      // until the last fault was noticed by all

class Schedule {
public:
    Schedule(std::uint64_t seed, Mutation mutation, std::ostream* trace)
        : world_(seed, mutation), nodes_{Node{world_, 0}, Node{world_, 1}, Node{world_, 2}} {
        world_.trace = trace;
        world_.cluster.on_grant([this](std::size_t run, std::uint64_t pid) {
            world_.note("run", run, "is given to", pid);
            world_.oracle.granted(run, pid, world_.events.now_ms());
        });
    }

    Outcome run();

private:
    struct Reader {
        std::size_t run = 0;
        std::size_t node = 0;
        bool is_attached = false;
    };

    void connect(std::size_t reader);
    void disconnect(std::size_t reader);
    void plan();
    void great_fault();
    void small_fault();
    void say();
    void cancel();
    void cancel_and_lose_master(bool is_planned);
    void lose_master(bool is_planned);
    void crash_node(std::size_t node);
    void pause_node(std::size_t node);
    void lasts_until(std::int64_t at_ms) { calm_ms_ = std::max(calm_ms_, at_ms); }
    [[nodiscard]] bool is_done() const;

    World world_;
    std::array<Node, kNodes> nodes_;
    std::array<Reader, kReaders> readers_;
    std::int64_t calm_ms_ = 0;
    std::uint32_t faults_ = 0;
};

void Schedule::connect(std::size_t reader) {
    Reader& self = readers_[reader];
    if (self.is_attached) return;
    self.node = world_.random.below(kNodes);
    if (!nodes_[self.node].is_up()) return world_.events.after(100, [this, reader] { connect(reader); });
    self.is_attached = true;
    nodes_[self.node].attach(reader, self.run);
}

void Schedule::disconnect(std::size_t reader) {
    Reader& self = readers_[reader];
    if (!self.is_attached) return;
    self.is_attached = false;
    if (nodes_[self.node].is_up()) nodes_[self.node].detach(reader, self.run);
    world_.events.after(world_.random.between(1, 2'000), [this, reader] { connect(reader); });
}

void Schedule::say() {
    const std::string key = world_.new_key();
    nodes_[world_.random.below(kNodes)].say(world_.random.below(kRuns), key);
}

void Schedule::cancel() {
    const std::size_t node = world_.random.below(kNodes);
    const std::size_t run = world_.random.below(kRuns);
    world_.note("node", node, "cancels run", run);
    nodes_[node].cancel(run);
}

// What was acknowledged last is what a new master lacks: a cancel, too.
void Schedule::cancel_and_lose_master(bool is_planned) {
    if (!world_.random.chance(20)) return lose_master(is_planned);
    cancel();
    const std::int64_t at_ms = world_.events.now_ms() + world_.random.between(1, 80);
    world_.events.at(at_ms, [this, is_planned] { lose_master(is_planned); });
    lasts_until(at_ms);
}

void Schedule::lose_master(bool is_planned) {
    const std::int64_t now_ms = world_.events.now_ms();
    if (!(is_planned ? world_.cluster.move_master() : world_.cluster.crash_master())) return;
    world_.note(is_planned ? "the master moves" : "the master crashes");
    world_.oracle.fault(now_ms, now_ms + 5'000);
    for (std::size_t node = 0; node < kNodes; ++node)
        world_.oracle.unwell(node, now_ms + 5'000);
    lasts_until(now_ms + 10'000);
}

void Schedule::crash_node(std::size_t node) {
    if (!nodes_[node].is_up()) return;
    const std::int64_t now_ms = world_.events.now_ms();
    const std::int64_t back_ms = now_ms + world_.random.between(200, 10'000);
    world_.note("node", node, "crashes, back at", back_ms);
    world_.oracle.fault(now_ms, now_ms);
    world_.oracle.unwell(node, back_ms);
    nodes_[node].crash();
    for (std::size_t reader = 0; reader < kReaders; ++reader)
        if (readers_[reader].node == node) disconnect(reader);
    world_.events.at(back_ms, [this, node] { nodes_[node].boot(); });
    lasts_until(back_ms);
}

void Schedule::pause_node(std::size_t node) {
    const std::int64_t now_ms = world_.events.now_ms();
    const std::int64_t ms = world_.random.between(500, 20'000);
    world_.oracle.fault(now_ms, now_ms + ms);
    world_.oracle.unwell(node, now_ms + ms);
    world_.note("node", node, "pauses for", ms);
    nodes_[node].pause(ms);
    lasts_until(now_ms + ms);
}

// What the guarantee counts: a server or a node is lost.
void Schedule::great_fault() {
    ++faults_;
    const std::size_t node = world_.random.below(kNodes);
    const std::int64_t now_ms = world_.events.now_ms();
    switch (world_.random.below(7)) {
    case 0: return cancel_and_lose_master(false);
    case 1: return cancel_and_lose_master(true);
    case 2: return crash_node(node);
    case 3: return pause_node(node);
    case 4: {
        const std::int64_t ms = world_.random.between(200, 12'000);
        world_.oracle.fault(now_ms, now_ms + ms);
        world_.oracle.unwell(node, now_ms + ms + 1'000);
        world_.note("node", node, "is cut off for", ms);
        world_.cluster.cut(node, ms);
        return lasts_until(now_ms + ms);
    }
    case 5: {
        const std::int64_t ms = world_.random.between(500, 12'000);
        world_.oracle.fault(now_ms, now_ms + ms);
        world_.note("the master is alone for", ms);
        world_.cluster.leave_alone(ms);
        return lasts_until(now_ms + ms);
    }
    default: {
        const std::int64_t ms = world_.random.between(1'000, 20'000);
        world_.oracle.fault(now_ms, now_ms + ms);
        world_.note("all servers stop for", ms);
        world_.cluster.stop_all(ms);
        return lasts_until(now_ms + ms);
    }
    }
}

// What must never be noticed.
void Schedule::small_fault() {
    ++faults_;
    const std::size_t node = world_.random.below(kNodes);
    const std::int64_t ms = world_.random.between(100, 3'000);
    const std::size_t kind = world_.random.below(4);
    static constexpr std::array<const char*, 4> kNames{"loses answers", "hears late and twice",
                                                       "loses its channel", "(a reader leaves)"};
    world_.note("node", node, kNames[kind], "for", ms);
    switch (kind) {
    case 0: world_.cluster.lose_answers(node, ms); break;
    case 1: world_.cluster.disturb_live(node, ms); break;
    case 2: world_.cluster.drop_subscriber(node); break;
    default: disconnect(world_.random.below(kReaders)); break;
    }
    lasts_until(world_.events.now_ms() + ms);
}

void Schedule::plan() {
    for (Node& node : nodes_)
        node.boot();
    for (std::size_t reader = 0; reader < kReaders; ++reader) {
        readers_[reader].run = reader % kRuns;
        world_.events.at(world_.random.between(0, 4'000), [this, reader] { connect(reader); });
    }
    for (std::size_t run = 0; run < kRuns; ++run)
        world_.events.at(world_.random.between(0, 1'000), [this, run] { nodes_[kGateway].accept(run); });
    // The runs are written from the first second on; an end, and what follows it, is as likely as any word.
    const std::int64_t length_ms = 2'500 + static_cast<std::int64_t>(world_.length) * world_.pace_ms * 3 / 4;
    const int great = world_.random.chance(10) ? 3 : static_cast<int>(world_.random.between(0, 2));
    const int small = static_cast<int>(world_.random.between(great > 2 ? 0 : 3 - great, 4));
    const auto plan_at = [this](std::int64_t at_ms, void (Schedule::*fault)()) {
        world_.events.at(at_ms, [this, fault] { (this->*fault)(); });
        lasts_until(at_ms);
    };
    // While the runs are claimed is the time that hurts most.
    for (int i = 0; i < great; ++i)
        plan_at(world_.random.chance(30) ? world_.random.between(0, 1'300)
                                         : world_.random.between(0, length_ms + 8'000 * i),
                &Schedule::great_fault);
    for (int i = 0; i < small; ++i)
        plan_at(world_.random.between(0, length_ms), &Schedule::small_fault);
    for (std::int64_t said = world_.random.between(0, 6); said > 0; --said)
        world_.events.at(world_.random.between(0, length_ms), [this] { say(); });
    if (world_.random.chance(10)) plan_at(world_.random.between(1'000, length_ms), &Schedule::cancel);
    lasts_until(length_ms);
}

bool Schedule::is_done() const {
    for (std::size_t run = 0; run < kRuns; ++run)
        if (world_.cluster.master().stream(run).meta.is_open()) return false;
    for (std::size_t reader = 0; reader < kReaders; ++reader)
        if (world_.oracle.position(reader) != world_.cluster.master().stream(readers_[reader].run).head())
            return false;
    return true;
}

Outcome Schedule::run() {
    plan();
    std::int64_t looked_ms = 0;
    while (world_.oracle.failure().empty() && world_.events.step()) {
        const std::int64_t now_ms = world_.events.now_ms();
        if (now_ms < calm_ms_ + kSettleMs || now_ms - looked_ms < 500) continue;
        looked_ms = now_ms;
        if (is_done() || now_ms > calm_ms_ + kDeadlineMs) break;
    }
    if (world_.oracle.failure().empty()) {
        for (std::size_t run = 0; run < kRuns; ++run) {
            world_.oracle.finish(run, world_.cluster.master().stream(run));
            world_.oracle.finish_session(run, world_.cluster.master().stream(session_of(run)));
        }
        for (std::size_t reader = 0; reader < kReaders; ++reader)
            world_.oracle.finish_reader(reader, readers_[reader].run,
                                        world_.cluster.master().stream(readers_[reader].run));
    }
    return {world_.oracle.failure(), world_.events.count(), faults_, world_.oracle.is_double()};
}

}  // namespace

void Tally::add(const Outcome& outcome) noexcept {
    add(Tally{1, outcome.events, outcome.faults, outcome.is_double ? 0U : 1U});
}

void Tally::add(const Tally& other) noexcept {
    schedules += other.schedules;
    events += other.events;
    faults += other.faults;
    single += other.single;
}

std::string Tally::thin() const {
    if (events < 200 * schedules) return "fewer than 200 events in a schedule";
    if (faults < 3 * schedules) return "fewer than 3 faults in a schedule";
    if (single < schedules / 2) return "most schedules excuse what they lose";
    return {};
}

Outcome run_schedule(std::uint64_t seed, Mutation mutation, std::ostream* trace) {
    return Schedule(seed, mutation, trace).run();
}

}  // namespace streamhost::sim
