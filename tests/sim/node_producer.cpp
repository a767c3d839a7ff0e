// A worker: takes runs that the queue hands out, and writes them.
#include <utility>

#include "streamhost/bytes.hpp"

#include "sim/node.hpp"
#include "sim/wire.hpp"

namespace streamhost::sim {

using chat::Act;

namespace {

constexpr std::uint32_t kClaimMs = 4'500;  // as the streamcache claims
constexpr std::string_view kEnd = "\"outcome\":\"complete\"";

}  // namespace

Node::Work* Node::work_of(std::size_t run, std::uint64_t pid) {
    return works_[run] && works_[run]->pid == pid ? &*works_[run] : nullptr;
}

void Node::hand(std::size_t run) {
    if (!is_up_ || works_[run]) return;
    works_[run].emplace();
    act(run, works_[run]->machine.admit());
}

// Each second: leases, and what waits for a second try.
void Node::tend(std::size_t run) {
    if (!works_[run] || !works_[run]->producer) return;
    world_.due_ms[run] = world_.events.now_ms() + chat::kDueMs;
    pump(run);
    if (!works_[run] || !works_[run]->producer) return;
    Work& work = *works_[run];
    if (!work.producer->wants_renewal(world_.events.now_ms())) return;
    const auto renewed = [this, run, pid = work.pid](const store::StreamResult& result) {
        Work* mine = work_of(run, pid);
        if (mine == nullptr || !mine->producer) return;
        answer(run, pid, mine->producer->renewed(status_of(result.status), world_.events.now_ms()));
        if (mine->producer->is_over()) stopped(run, status_of(result.status));
    };
    (void)store_->streams().renew(
        {.id = id_of(run), .fence = work.fence, .pid = work.pid, .lease_ms = kLeaseMs}, heard(renewed));
}

void Node::act(std::size_t run, Act act) {
    Work& work = *works_[run];
    const auto again = [this, run, pid = work.pid](auto then) {
        return [this, run, pid, then] {
            if (work_of(run, pid) != nullptr) then();
        };
    };
    const std::int64_t wait_ms = chat::back_off_ms(work.machine.attempts(), 100, 2'000);
    switch (act) {
    case Act::nothing:
    case Act::start:
    case Act::prepare: return;
    case Act::claim: return claim(run);
    case Act::wait:
        return later(wait_ms, again([this, run] { this->act(run, works_[run]->machine.admit()); }));
    case Act::finish:
        return later(work.machine.attempts() == 0 ? 0 : wait_ms, again([this, run] { finish(run); }));
    case Act::conclude:
        work.producer.reset();
        return later(work.machine.attempts() == 0 ? 0 : wait_ms, again([this, run] { conclude(run); }));
    case Act::forget: works_[run].reset(); return;
    }
}

void Node::claim(std::size_t run) {
    Work& work = *works_[run];
    const std::string id = id_of(run);
    work.pid = doubtful_.take(id).value_or(world_.new_pid(index_));
    world_.note("node", index_, "claims run", run, "as", work.pid);
    (void)store_->streams().claim({.id = id,
                                   .pid = work.pid,
                                   .lease_ms = kLeaseMs,
                                   .if_missing = store::IfMissing::kRefuse,
                                   .timeout_ms = kClaimMs},
                                  heard([this, run, id, pid = work.pid](const store::StreamResult& result) {
                                      doubtful_.answered(id, pid, status_of(result.status),
                                                         world_.events.now_ms());
                                      if (work_of(run, pid) != nullptr) claimed(run, pid, result);
                                  }));
}

void Node::claimed(std::size_t run, std::uint64_t pid, const store::StreamResult& result) {
    Work& work = *works_[run];
    world_.note("node", index_, "asked for run", run, "as", pid, "and is told",
                static_cast<int>(result.status));
    const Act next = work.machine.claimed(status_of(result.status));
    if (result.status != Status::kOk) return act(run, next);
    const store::StreamInfo& info = result.info;
    world_.note("node", index_, "claims run", run, "as", pid, "with", info.fence, "behind", info.head.seq);
    world_.oracle.claimed(run, pid, info.head);
    work.fence = info.fence;
    work.next_seq = info.head.seq + 1;
    streamcache::ProducerOptions options;
    options.lease_ms = kLeaseMs;
    work.producer.emplace(&chain, info.fence, sh_position{info.head.seq, info.head.check}, options);
    world_.due_ms[run] = world_.events.now_ms() + chat::kTakenDueMs;
    switch (chat::decide(world_.terms, {.claims = info.claims, .entries = info.head.seq})) {
    case chat::Takeover::produce:
    case chat::Takeover::go_on: break;
    case chat::Takeover::give_up: work.end = store::State::kError; [[fallthrough]];
    default: return act(run, work.machine.end_now());
    }
    // A provider thinks before its first word: until then only the fence speaks for an owner.
    later(world_.random.between(0, 2'000), [this, run, pid] {
        Work* mine = work_of(run, pid);
        if (mine == nullptr || mine->machine.prepared() != Act::start) return;
        mine->machine.started(true);
        produce(run, pid);
    });
}

void Node::produce(std::size_t run, std::uint64_t pid) {
    Work* work = work_of(run, pid);
    if (work == nullptr || !work->producer || work->machine.phase() != chat::Phase::producing) return;
    const bool is_last = work->next_seq >= world_.length;
    const sh_ticket ticket = work->next_seq;
    const std::string word =
        is_last ? std::string(kEnd) : std::to_string(pid) + "." + std::to_string(++work->words);
    const sh_item item{.type = SH_RECORD_TEXT, .data = streamhost::bytes(word)};
    const sh_status taken =
        is_last ? work->producer->end(kEnd, ticket) : work->producer->write(&item, 1, ticket);
    if (taken == SH_OK) {
        world_.oracle.wrote(run, pid, is_last ? SH_RECORD_END : SH_RECORD_TEXT, word);
        ++work->next_seq;
        if (is_last) work->machine.end_queued();
        pump(run);
    }
    if (is_last) return;
    // Now and then silence, longer than what a tail check waits for.
    const std::int64_t pause_ms = world_.random.chance(3) ? world_.random.between(1'000, 4'000)
                                                          : world_.random.between(1, world_.pace_ms);
    later(pause_ms, [this, run, pid] { produce(run, pid); });
}

void Node::pump(std::size_t run) {
    Work& work = *works_[run];
    const auto next = work.producer->next(world_.events.now_ms());
    if (!next) return;
    std::vector<store::Record> records;
    records.reserve(next->records.size());
    for (const sh_record& record : next->records)
        records.push_back({record.seq, record.prev, record.check, record.fence, 0,
                           static_cast<store::Type>(record.type),
                           store::Buffer::copy_of(streamhost::view(record.data))});
    const bool is_end = next->end_state != SH_STREAM_OPEN;
    const std::uint64_t pid = world_.mutation == Mutation::kNoProducerId ? 0 : work.pid;
    (void)store_->streams().append({.id = id_of(run),
                                    .fence = work.fence,
                                    .pid = pid,
                                    .records = records,
                                    .end_state = is_end ? store::State::kComplete : store::State::kOpen,
                                    .lease_ms = kLeaseMs},
                                   heard([this, run, pid = work.pid](const store::StreamResult& result) {
                                       appended(run, pid, result);
                                   }));
}

void Node::appended(std::size_t run, std::uint64_t pid, const store::StreamResult& result) {
    Work* work = work_of(run, pid);
    if (work == nullptr || !work->producer) return;
    const sh_status status = status_of(result.status);
    sh_result appended{};
    appended.status = status;
    answer(run, pid, work->producer->appended(appended, world_.events.now_ms()));
    if (work->producer->is_over()) {
        world_.note("producer", pid, "of run", run, "is over behind", work->next_seq - 1, "with", status);
        if (status == SH_OK && world_.mutation == Mutation::kForgetAtEnd) port_->forget(run);
        if (work->machine.phase() != chat::Phase::ending) return stopped(run, status);
        return act(run, work->machine.end_written(status));
    }
    const auto retry_at = work->producer->retry_at();
    if (!retry_at) return pump(run);
    world_.events.at(*retry_at, on_node([this, run, pid] {
        Work* mine = work_of(run, pid);
        if (mine != nullptr && mine->producer) pump(run);
    }));
}

void Node::answer(std::size_t run, std::uint64_t pid, const std::vector<streamcache::Answer>& answers) {
    for (const streamcache::Answer& each : answers)
        if (each.status == SH_OK) world_.oracle.acknowledged(run, pid, {each.last.seq, each.last.check});
}

// Somebody else has the run, or ended it.
void Node::stopped(std::size_t run, sh_status why) {
    chat::RunMachine& machine = works_[run]->machine;
    act(run, why == SH_ENDED    ? machine.ended_elsewhere()
             : why == SH_FENCED ? machine.fenced()
                                : machine.end_now());
}

void Node::finish(std::size_t run) {
    Work& work = *works_[run];
    work.producer.reset();
    world_.oracle.finishes(run, false);
    (void)store_->streams().finish({.id = id_of(run),
                                    .end_state = work.end,
                                    .data = store::Buffer::copy_of("\"outcome\":\"lost\""),
                                    .if_fence = work.fence},
                                   heard([this, run, pid = work.pid](const store::StreamResult& result) {
                                       Work* mine = work_of(run, pid);
                                       if (mine != nullptr)
                                           act(run, mine->machine.finished(status_of(result.status)));
                                   }));
}

void Node::conclude(std::size_t run) {
    tell_session(run, [this, run, pid = works_[run]->pid](sh_status status) {
        Work* mine = work_of(run, pid);
        if (mine != nullptr) act(run, mine->machine.concluded(status));
    });
}

}  // namespace streamhost::sim
