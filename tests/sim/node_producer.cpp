// A worker: takes runs that nobody produces, and writes them.
#include <utility>

#include "streamhost/bytes.hpp"

#include "sim/node.hpp"

namespace streamhost::sim {

namespace {

constexpr std::size_t kWorkers = 2;  // the first nodes
constexpr std::string_view kEnd = "\"outcome\":\"complete\"";

sh_status status_of(Status status) {
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

}  // namespace

// As the reaper and the workers do it: a run whose lease lapsed, if this node may believe that.
void Node::look_for_work(std::size_t run) {
    Producing& mine = producing_[run];
    if (mine.producer) {
        pump(run);
        if (mine.producer && mine.producer->wants_renewal(world_.events.now_ms())) {
            Command renew{Command::Kind::kRenew, run, mine.pid, mine.producer->fence()};
            call_kept(redis::Keep::Kind::kSign, renew, [this, run, pid = mine.pid](const Reply& reply) {
                if (!producing_[run].producer || producing_[run].pid != pid) return;
                answer(run, pid,
                       producing_[run].producer->renewed(status_of(reply.status), world_.events.now_ms()));
                drop_if_over(run);
            });
        }
        return;
    }
    if (index_ >= kWorkers || mine.is_claiming) return;
    send({Command::Kind::kTail, run}, [this, run](const Reply& tail) {
        const std::int64_t now_ms = world_.events.now_ms();
        watch_.answered(status_of(tail.status), now_ms);
        const Producing& now = producing_[run];
        if (tail.status != Status::kOk || !tail.is_open || tail.left_ms > 0) return;
        if (now.producer || now.is_claiming) return;
        // A fresh run goes to the one of its number; a queue that failed over may hand it to both.
        if (tail.claims == 0 ? run == index_ || world_.is_job_doubled
                             : watch_.trusts_lapses(now_ms) || world_.mutation == Mutation::kCountOutage)
            claim(run);
    });
}

void Node::claim(std::size_t run) {
    Producing& mine = producing_[run];
    mine.is_claiming = true;
    mine.pid = world_.new_pid(index_);
    const auto heard = [this, run](const Reply& reply) {
        Producing& now = producing_[run];
        now.is_claiming = false;
        if (reply.status != Status::kOk) return;
        world_.note("node", index_, "claims run", run, "as", now.pid, "with", reply.fence, "behind",
                    reply.head.seq);
        world_.oracle.claimed(run, now.pid, reply.head);
        streamcache::ProducerOptions options;
        options.lease_ms = kLeaseMs;
        now.producer.emplace(&chain, reply.fence, sh_position{reply.head.seq, reply.head.check}, options);
        now.next_seq = reply.head.seq + 1;
        now.words = 0;
        // A provider thinks before its first word: until then only the fence speaks for an owner.
        later(world_.random.between(0, 2'000), [this, run, pid = now.pid] { produce(run, pid); });
    };
    call_kept(redis::Keep::Kind::kClaim, {Command::Kind::kClaim, run, mine.pid}, heard);
}

void Node::produce(std::size_t run, std::uint64_t pid) {
    Producing& mine = producing_[run];
    if (!mine.producer || mine.pid != pid) return;
    const bool is_last = mine.next_seq >= world_.length;
    const sh_ticket ticket = mine.next_seq;
    const std::string word =
        is_last ? std::string(kEnd) : std::to_string(pid) + "." + std::to_string(++mine.words);
    const sh_item item{.type = SH_RECORD_TEXT, .data = streamhost::bytes(word)};
    const sh_status taken =
        is_last ? mine.producer->end(kEnd, ticket) : mine.producer->write(&item, 1, ticket);
    if (taken == SH_OK) {
        world_.oracle.wrote(run, pid, is_last ? SH_RECORD_END : SH_RECORD_TEXT, word);
        ++mine.next_seq;
        pump(run);
    }
    if (is_last) return;
    // Now and then silence, longer than what a tail check waits for.
    const std::int64_t pause_ms = world_.random.chance(3) ? world_.random.between(1'000, 4'000)
                                                          : world_.random.between(1, world_.pace_ms);
    later(pause_ms, [this, run, pid] { produce(run, pid); });
}

void Node::pump(std::size_t run) {
    Producing& mine = producing_[run];
    if (!mine.producer) return;
    const auto next = mine.producer->next(world_.events.now_ms());
    if (!next) return;
    const bool has_pid = world_.mutation != Mutation::kNoPid;
    Command append{Command::Kind::kAppend, run, has_pid ? mine.pid : 0, mine.producer->fence()};
    append.records.reserve(next->records.size());
    for (const sh_record& record : next->records)
        append.records.push_back({record.seq, record.prev, record.check, record.fence, mine.pid, record.type,
                                  std::string(streamhost::view(record.data))});
    const bool is_end = next->end_state != SH_STREAM_OPEN;
    call_kept(is_end ? redis::Keep::Kind::kEnd : redis::Keep::Kind::kAppend, std::move(append),
              [this, run, pid = mine.pid](const Reply& reply) { appended(run, pid, reply); });
}

void Node::appended(std::size_t run, std::uint64_t pid, const Reply& reply) {
    Producing& mine = producing_[run];
    if (!mine.producer || mine.pid != pid) return;
    sh_result result{};
    result.status = status_of(reply.status);
    answer(run, pid, mine.producer->appended(result, world_.events.now_ms()));
    const auto retry_at = mine.producer->retry_at();
    drop_if_over(run);
    if (!retry_at) return pump(run);
    world_.events.at(*retry_at, on_node([this, run] { pump(run); }));
}

void Node::answer(std::size_t run, std::uint64_t pid, const std::vector<streamcache::Answer>& answers) {
    for (const streamcache::Answer& each : answers)
        if (each.status == SH_OK) world_.oracle.acknowledged(run, pid, {each.last.seq, each.last.check});
}

void Node::drop_if_over(std::size_t run) {
    Producing& mine = producing_[run];
    if (!mine.producer || !mine.producer->is_over()) return;
    world_.note("producer", mine.pid, "of run", run, "is over behind", mine.next_seq - 1);
    mine.producer.reset();
}

}  // namespace streamhost::sim
