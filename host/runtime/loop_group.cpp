#include "runtime/loop_group.hpp"

#include <algorithm>
#include <chrono>

#include "runtime/fault.hpp"
#include "runtime/thread_name.hpp"

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kDestructorGraceMs = 5'000;
constexpr std::uint64_t kComeBackMs = 1'000;

}  // namespace

LoopGroup::LoopGroup(const Clock& clock, const LoopGroupOptions& options)
    : io_count_(std::max<std::size_t>(options.loops, 1)) {
    const bool own_store = options.store == StorePlacement::own_thread ||
                           (options.store == StorePlacement::automatic && io_count_ > 1);
    for (std::size_t i = 0; i < io_count_; ++i) {
        const bool with_store = i == 0 && !own_store;
        const Roles roles = with_store ? Roles(Role::loop) | Role::store : Roles(Role::loop);
        add(clock, options.loop, "loop-" + std::to_string(i) + (with_store ? "+store" : ""), roles);
    }
    if (!own_store) return;
    store_index_ = io_count_;
    add(clock, options.loop, "store", Role::store);
}

void LoopGroup::add(const Clock& clock, LoopOptions options, std::string name, Roles roles) {
    options.name = std::move(name);
    options.index = static_cast<std::uint16_t>(members_.size());
    options.roles = roles;
    members_.push_back(std::make_unique<Member>());
    members_.back()->loop = std::make_unique<Loop>(clock, std::move(options));
}

LoopGroup::~LoopGroup() {
    const StopReport report = stop(kDestructorGraceMs);
    if (!report.stuck.empty()) abandon("LoopGroup", report.stuck.front() + " does not end");
}

void LoopGroup::start() {
    for (auto& member : members_) {
        member->thread = std::thread([this, &member = *member] { run(member); });
    }
}

void LoopGroup::run(Member& member) {
    set_thread_name(member.loop->options().name);
    const Loop::StopReport report = member.loop->run();
    const std::lock_guard lock(mutex_);
    member.report = report;
    member.ended = true;
    ended_.notify_all();
}

bool LoopGroup::all_ended() const {
    return std::all_of(members_.begin(), members_.end(),
                       [](const auto& member) { return member->ended || !member->thread.joinable(); });
}

LoopGroup::StopReport LoopGroup::stop(std::uint64_t grace_ms) {
    for (auto& member : members_)
        member->loop->request_stop(grace_ms);
    StopReport report;
    {
        std::unique_lock lock(mutex_);
        ended_.wait_for(lock, std::chrono::milliseconds(grace_ms + kComeBackMs),
                        [this] { return all_ended(); });
        for (const auto& member : members_) {
            report.tasks_dropped += member->report.tasks_dropped;
            report.fds_left += member->report.fds_left;
            if (member->thread.joinable() && !member->ended)
                report.stuck.push_back(member->loop->options().name);
        }
    }
    for (auto& member : members_) {
        const bool stuck = std::find(report.stuck.begin(), report.stuck.end(),
                                     member->loop->options().name) != report.stuck.end();
        if (!stuck && member->thread.joinable()) member->thread.join();
    }
    return report;
}

}  // namespace streamhost::runtime
