#include "sim/node.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::sim {

namespace {

constexpr std::int64_t kTickMs = 1'000;

}  // namespace

Node::Node(World& world, std::size_t index) : world_(world), index_(index) {
    world_.cluster.attach(index, this);
}

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
    redis::KeeperOptions options;
    if (world_.mutation == Mutation::kForget) options.window_ms = 0;
    keeper_.emplace(options);
    watch_ = {};
    // All nodes tick in step, which makes them race for whatever lapses.
    world_.events.at((world_.events.now_ms() / kTickMs + 1) * kTickMs, on_node([this] { tick(); }));
}

void Node::crash() {
    is_up_ = false;
    ++life_;
    world_.cluster.unsubscribe(index_);
    keeper_.reset();
    commands_.clear();
    for (Followed& followed : followed_)
        followed = {};
    for (Producing& producing : producing_)
        producing = {};
}

void Node::pause(std::int64_t ms) { paused_until_ms_ = world_.events.now_ms() + ms; }

void Node::send(Command command, Done done) {
    world_.cluster.call(index_, std::make_shared<const Command>(std::move(command)), std::move(done));
}

void Node::tick() {
    for (std::size_t run = 0; run < kRuns; ++run) {
        look_for_work(run);
        check_tail(run);
    }
    later(kTickMs, [this] { tick(); });
}

void Node::link_up() {
    keeper_->sweep(world_.events.now_ms(), SIZE_MAX);
    for (const std::string& home : keeper_->homes())
        repair(home, [] {});
    for (std::size_t run = 0; run < kRuns; ++run) {
        followed_[run].heard_ms = 0;
        check_tail(run);
    }
}

void Node::live(const Batch& batch) {
    Followed& followed = followed_[batch->run];
    if (!followed.follower) return;
    followed.heard_ms = world_.events.now_ms();
    const auto views = records(batch->run, batch->added);
    apply(batch->run, followed.follower->live(views));
}

}  // namespace streamhost::sim
