#include <algorithm>
#include <cassert>
#include <utility>

#include "delivery/log_set.hpp"

namespace streamhost::delivery {

LoopMessage& LogSet::message_to(std::uint32_t loop) {
    auto& message = messages_[loop];
    if (message == nullptr) message = std::make_unique<LoopMessage>();
    return *message;
}

LogState LogSet::state_of(const Log& log, std::uint32_t first_block, LoopMessage& message) {
    const BlockList& blocks = log.chain.blocks();
    const std::uint32_t first = std::max(first_block, blocks.base());
    const LogState state{.log = log.ref,
                         .end = log.chain.end(),
                         .last = log.chain.last(),
                         .base = blocks.base(),
                         .first_block = first,
                         .blocks_begin = static_cast<std::uint32_t>(message.blocks.size()),
                         .block_count = blocks.end() - first,
                         .ts_ms = log.newest_ts_ms,
                         .closed = log.closed};
    for (std::uint32_t block = first; block != blocks.end(); ++block)
        message.blocks.push_back(blocks.at(block));
    return state;
}

void LogSet::flush() {
    for (const LogRef ref : dirty_) {
        Log* log = log_at(ref);
        if (log == nullptr) continue;
        log->dirty = false;
        for (const Log::Share& share : log->shares) {
            LoopMessage& message = message_to(share.loop);
            message.updates.push_back(state_of(*log, log->announced, message));
        }
        log->announced = log->chain.blocks().end();
    }
    dirty_.clear();
    for (std::uint32_t loop = 0; loop != messages_.size(); ++loop) {
        if (messages_[loop] != nullptr) loops_.post(loop, std::move(messages_[loop]));
    }
}

void LogSet::take(std::unique_ptr<LoopReport> report) {
    for (const LoopReport::Event& event : report->events)
        tell(event);
    for (const LoopReport::Quiet& quiet : report->quiet)
        on_quiet(quiet);
    // Last: until here the events' logs are held by the cursors that left them.
    for (const LoopReport::Released& released : report->released)
        release(released.log, report->loop);
}

void LogSet::tell(const LoopReport::Event& event) {
    const FollowerEvents::Reader who{event.reader, event.subscription, event.ticket, event.at};
    switch (event.kind) {
    case LoopReport::Event::Kind::kCompleted: follower_.completed(who); break;
    case LoopReport::Event::Kind::kWantsMore: follower_.wants_more(who); break;
    case LoopReport::Event::Kind::kFellOff:
        ++stats_.fell_off;
        const Log* log = log_at(event.log);
        assert(log != nullptr);
        if (log != nullptr) follower_.fell_off(who, log->stream->id, log->encoding, event.reason);
        break;
    }
}

void LogSet::release(LogRef ref, std::uint32_t loop) {
    Log* held = log_at(ref);
    assert(held != nullptr);
    if (held == nullptr) return;
    Log& log = *held;
    const auto share = std::find_if(log.shares.begin(), log.shares.end(),
                                    [loop](const Log::Share& candidate) { return candidate.loop == loop; });
    if (--share->cursors != 0) return;
    message_to(loop).commands.emplace_back(CloseView{ref});
    log.shares.erase(share);
    touch(log);
    if (!log.shares.empty()) return;
    if (log.retired) return drop_log(log);
    log.left_ms = now_ms_;
    grace_.push_back({ref, now_ms_});
}

void LogSet::tick(std::int64_t now_ms) {
    now_ms_ = now_ms;
    tick_idle();
    tick_grace();
    segments_.expire(now_ms);
    tell_unused();
}

void LogSet::tick_idle() {
    while (!idle_.empty() && now_ms_ - idle_.front().when_ms >= options_.idle_ms) {
        Log* log = log_at(idle_.front().log);
        idle_.pop_front();
        if (log == nullptr) continue;
        log->idle_queued = false;
        if (log->chain.blocks().empty()) continue;
        if (now_ms_ - log->changed_ms < options_.idle_ms) {
            log->idle_queued = true;
            idle_.push_back({log->ref, log->changed_ms});
        } else {
            probe(*log);
        }
    }
}

/// Only the loops know where the cursors stand; the frames may go when all of them answered. A log without
/// readers keeps its frames for the grace period, for those who come back.
void LogSet::probe(Log& log) {
    ++log.probe;
    log.awaiting_quiet = static_cast<std::uint32_t>(log.shares.size());
    for (const Log::Share& share : log.shares)
        message_to(share.loop).commands.emplace_back(ProbeView{log.ref, log.chain.end(), log.probe});
}

void LogSet::on_quiet(const LoopReport::Quiet& quiet) {
    Log* log = log_at(quiet.log);
    if (log == nullptr || log->awaiting_quiet == 0 || log->probe != quiet.probe) return;
    if (--log->awaiting_quiet != 0) return;
    trim(*log, log->chain.blocks().end());
    ++stats_.shrunk_logs;
}

void LogSet::tick_grace() {
    while (!grace_.empty() && now_ms_ - grace_.front().when_ms >= options_.grace_ms) {
        Log* log = log_at(grace_.front().log);
        const std::int64_t left_ms = grace_.front().when_ms;
        grace_.pop_front();
        if (log != nullptr && log->shares.empty() && log->left_ms == left_ms) drop_log(*log);
    }
}

void LogSet::tell_unused() {
    for (const std::string& stream : std::exchange(unused_, {})) {
        if (!streams_.contains(stream)) follower_.unused(stream);
    }
}

}  // namespace streamhost::delivery
