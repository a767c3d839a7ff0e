// Who looks after a run that nobody produces: the node that put it into the queue, the reaper, and users who
// cancel. The queue and the list of open runs are models.
#include <utility>

#include "sim/node.hpp"
#include "sim/wire.hpp"

namespace streamhost::sim {

using chat::WaitAct;
using chat::WaitNews;

namespace {

constexpr std::int64_t kRetryMs = 500;

}  // namespace

void Node::accept(std::size_t run) {
    world_.due_ms[run] = world_.events.now_ms() + chat::kDueMs;
    if (!is_up_) return;
    waits_[run].emplace(chat::WaitOptions{.wait_ms = world_.terms.wait_ms}, world_.events.now_ms());
    watch_queue();
}

// As long as something waits.
void Node::watch_queue() {
    bool waits = false;
    for (std::size_t run = 0; run < kRuns; ++run) {
        if (waits_[run]) step(run);
        waits = waits || waits_[run];
    }
    if (!waits || std::exchange(is_watching_queue_, true)) return;
    later(chat::kQueueTickMs, [this] {
        is_watching_queue_ = false;
        watch_queue();
    });
}

void Node::step(std::size_t run) {
    while (waits_[run]) {
        switch (waits_[run]->next(world_.events.now_ms())) {
        case WaitAct::nothing: return;
        case WaitAct::push: push(run); break;
        case WaitAct::look: look(run); break;
        case WaitAct::refresh: world_.due_ms[run] = world_.events.now_ms() + chat::kDueMs; break;
        }
    }
}

// A job goes to one worker, or, from a queue that failed over, to both; one that is down does not hear of it.
void Node::push(std::size_t run) {
    world_.note("node", index_, "puts run", run, "into the queue");
    const std::size_t first = world_.random.below(kWorkers);
    const auto hand_to = [&](std::size_t worker, std::int64_t after_ms) {
        world_.events.after(after_ms, [this, worker, run] {
            Node* node = world_.nodes[worker];
            node->on_node([node, run] { node->hand(run); })();
        });
    };
    hand_to(first, world_.random.between(1, 50));
    if (world_.is_job_doubled) hand_to((first + 1) % kWorkers, world_.random.between(1, 1'500));
    waits_[run]->pushed(SH_OK, world_.events.now_ms());
}

void Node::look(std::size_t run) {
    tail(run, [this, run](Status status, const store::StreamInfo& info) {
        if (!waits_[run]) return;
        const bool has_ended = info.state != store::State::kOpen;
        switch (waits_[run]->looked(status_of(status), has_ended, info.claims, world_.events.now_ms())) {
        case WaitNews::waits: return;
        case WaitNews::taken: waits_[run].reset(); return;
        case WaitNews::ended: waits_[run].reset(); return tell_session(run, [](sh_status) {});
        case WaitNews::expired:
            if (info.left_ms > 0) return;
            // A later look comes back to it when this comes to nothing.
            return end_run(run, info.claims == 0 ? store::State::kError : store::State::kLost, info.fence,
                           [] {});
        }
    });
}

// In place of what takes the runs that are due: one question for all.
void Node::reap() {
    const std::string ids[] = {id_of(0), id_of(1)};
    const std::string_view views[] = {ids[0], ids[1]};
    (void)store_->streams().tail({.ids = views}, heard([this](const store::StreamListResult& result) {
                                     watch_.answered(status_of(result.status), world_.events.now_ms());
                                     for (std::size_t run = 0; run < result.items.size(); ++run)
                                         look_after(run, result.items[run].info);
                                 }));
}

void Node::look_after(std::size_t run, const store::StreamInfo& info) {
    const std::int64_t now_ms = world_.events.now_ms();
    if (now_ms < world_.due_ms[run]) return;
    world_.due_ms[run] = now_ms + chat::kTakenAgainMs;
    if (works_[run] || waits_[run]) return;
    if (info.state != store::State::kOpen) return tell_session(run, [](sh_status) {});
    if (info.left_ms == 0) judge(run, info);
}

// As Reaper::judge.
void Node::judge(std::size_t run, const store::StreamInfo& info) {
    const std::int64_t now_ms = world_.events.now_ms();
    world_.note("node", index_, "finds run", run, "without a producer, claims", info.claims);
    const auto wait = [&](const chat::WaitOptions& options) {
        waits_[run].emplace(options, now_ms);
        watch_queue();
    };
    if (info.claims == 0) return wait({.wait_ms = world_.terms.wait_ms});
    if (!watch_.trusts_lapses(now_ms) && world_.mutation != Mutation::kCountOutage) return;
    switch (chat::decide(world_.terms, {.claims = info.claims + 1, .entries = info.head.seq})) {
    case chat::Takeover::lost: return end_run(run, store::State::kLost, info.fence, [] {});
    case chat::Takeover::give_up: return end_run(run, store::State::kError, info.fence, [] {});
    default: return wait(chat::takeover_wait(info.claims));
    }
}

void Node::end_run(std::size_t run, store::State state, std::uint64_t fence, std::function<void()> retry) {
    world_.note("node", index_, "ends run", run, "as", static_cast<int>(state), "of fence", fence);
    world_.oracle.finishes(run, state == store::State::kCancelled);
    (void)store_->streams().finish(
        {.id = id_of(run),
         .end_state = state,
         .data = store::Buffer::copy_of("\"outcome\":\"lost\""),
         .if_fence = fence},
        heard([this, run, state, retry = std::move(retry)](const store::StreamResult& result) {
            const sh_status status = status_of(result.status);
            if (streamhost::is_transient(status)) return retry();
            if (result.status == Status::kOk && state == store::State::kCancelled)
                world_.oracle.cancelled(run, result.info.head);
            waits_[run].reset();
            if (status == SH_OK || status == SH_ENDED) tell_session(run, [](sh_status) {});
        }));
}

void Node::cancel(std::size_t run) {
    if (!is_up_) return;
    end_run(run, store::State::kCancelled, 0, [this, run] { later(kRetryMs, [this, run] { cancel(run); }); });
}

// What the session hears of a run's end: whoever gets that far says it, under one key.
void Node::tell_session(std::size_t run, std::function<void(sh_status)> told) {
    const std::string key = id_of(run) + ":end";
    const store::Entry entry{store::Type::kMessage, store::Buffer::copy_of(key)};
    (void)store_->streams().publish({.id = id_of(session_of(run)), .key = key, .entries = {&entry, 1}},
                                    heard([this, run, key, told = std::move(told)](const auto& result) {
                                        const sh_status status = status_of(result.status);
                                        if (status == SH_OK) world_.oracle.published(run, key);
                                        told(status);
                                    }));
}

// A client says something, and says it again, under the same key, until it is told that it was heard.
void Node::say(std::size_t run, const std::string& key) {
    if (!is_up_) return;
    const store::Entry entry{store::Type::kMessage, store::Buffer::copy_of(key)};
    (void)store_->streams().publish(
        {.id = id_of(session_of(run)), .key = key, .entries = {&entry, 1}},
        heard([this, run, key](const auto& result) {
            if (result.status == Status::kOk || result.status == Status::kDuplicate)
                return world_.oracle.published(run, key);
            later(kRetryMs, [this, run, key] { say(run, key); });
        }));
}

}  // namespace streamhost::sim
