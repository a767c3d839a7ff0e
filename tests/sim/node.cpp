#include "sim/node.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::sim {

namespace {

constexpr std::int64_t kTickMs = 1'000;

}  // namespace

Node::Node(World& world, std::size_t index) : world_(world), index_(index) { world_.nodes[index] = this; }

std::function<void()> Node::on_node(std::function<void()> task) {
    return [this, life = life_, task = std::move(task)] {
        if (!is_up_ || life != life_) return;
        if (world_.events.now_ms() < paused_until_ms_)
            return world_.events.at(paused_until_ms_, on_node(task));
        task();
    };
}

void Node::boot() {
    is_up_ = true;
    ++life_;
    watch_ = {};
    port_.emplace(world_.events, world_.random, world_.cluster, index_,
                  [this](std::function<void()> task) { return on_node(std::move(task)); });
    redis::RedisStoreOptions options;
    if (world_.mutation == Mutation::kForget) options.keeper.window_ms = 0;
    switch (world_.mutation) {
    case Mutation::kNoSettling:
    case Mutation::kHighestFence:
    case Mutation::kCountOutage: options.keeper.settle_ms = 0; break;
    default: break;
    }
    options.keeper.settles_at_start = world_.mutation != Mutation::kSettledAtStart;
    store_ = redis::make_redis_store(std::move(options), *port_, *this, *this);
    // All nodes tick in step, which makes them race for whatever lapses.
    world_.events.at((world_.events.now_ms() / kTickMs + 1) * kTickMs, on_node([this] { tick(); }));
    is_watching_queue_ = false;
}

void Node::crash() {
    is_up_ = false;
    ++life_;
    world_.oracle.crashed(index_);
    store_.reset();
    port_.reset();
    followed_ = {};
    works_ = {};
    doubtful_ = {};
    waits_ = {};
}

void Node::pause(std::int64_t ms) { paused_until_ms_ = world_.events.now_ms() + ms; }

void Node::tick() {
    for (std::size_t run = 0; run < kRuns; ++run) {
        tend(run);
        check_tail(run);
    }
    reap();
    later(kTickMs, [this] { tick(); });
}

void Node::on_link(store::Link link, std::uint64_t) {
    world_.note("node", index_, link == store::Link::kUp ? "has its link" : "lost its link");
    if (link == store::Link::kDown) return;
    for (std::size_t run = 0; run < kRuns; ++run) {
        followed_[run].heard_ms = 0;
        check_tail(run);
    }
}

sh_status status_of(Status status) noexcept {
    switch (status) {
    case Status::kOk:
    case Status::kDuplicate: return SH_OK;
    case Status::kConflict: return SH_CONFLICT;
    case Status::kGap: return SH_GAP;
    case Status::kDiverged: return SH_DIVERGED;
    case Status::kFenced: return SH_FENCED;
    case Status::kHeld: return SH_HELD;
    case Status::kEnded: return SH_ENDED;
    case Status::kTimeout: return SH_TIMEOUT;
    default: return SH_UNAVAILABLE;
    }
}

}  // namespace streamhost::sim
