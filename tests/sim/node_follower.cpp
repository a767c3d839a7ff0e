// How a node follows a run, and how readers join what it follows.
#include <algorithm>
#include <utility>

#include "streamhost/bytes.hpp"

#include "sim/node.hpp"

namespace streamhost::sim {

namespace {

constexpr std::int64_t kSilenceMs = 1'000;
constexpr std::int64_t kRetryMs = 200;
constexpr std::int64_t kPatienceMs = 5'000;

sh_position wire(Position position) { return {position.seq, position.check}; }

// A page of the log.
constexpr std::uint32_t kPage = 16;

Entries entries_of(std::span<const store::Record> records) {
    Entries entries;
    entries.reserve(records.size());
    for (const store::Record& record : records)
        entries.push_back({record.seq, record.prev, record.check, record.fence,
                           static_cast<std::uint64_t>(record.ts_ms), static_cast<std::uint32_t>(record.type),
                           std::string(record.data.view())});
    return entries;
}

// Who wrote it travels where the store's time would; followers look at neither.
Entry entry_of(const sh_record& record) {
    return {record.seq,
            record.prev,
            record.check,
            record.fence,
            static_cast<std::uint64_t>(record.ts_ms),
            record.type,
            std::string(streamhost::view(record.data))};
}

}  // namespace

std::vector<sh_record> Node::records(std::size_t run, const Entries& entries) {
    Followed& followed = followed_[run];
    const sh_position position = followed.follower->position();
    std::vector<sh_record> views;
    views.reserve(entries.size());
    std::uint64_t check = position.check;
    for (const Entry& entry : entries) {
        if (world_.mutation == Mutation::kHighestFence && entry.fence < followed.highest_fence) continue;
        followed.highest_fence = std::max(followed.highest_fence, entry.fence);
        views.push_back(entry.record());
        views.back().ts_ms = static_cast<std::int64_t>(entry.writer);
        if (world_.mutation != Mutation::kNoCheck || entry.seq <= position.seq) continue;
        views.back().prev = check;
        check = entry.check;
    }
    return views;
}

void Node::attach(std::size_t reader, std::size_t run) {
    Followed& followed = followed_[run];
    followed.joining.push_back(reader);
    if (!followed.follower && !followed.is_opening) open(run);
    if (followed.follower) join(run, reader, 1, {}, 0);
}

void Node::detach(std::size_t reader, std::size_t run) {
    std::erase(followed_[run].readers, reader);
    std::erase(followed_[run].joining, reader);
}

void Node::on_records(std::string_view stream_id, std::span<const store::Record> records_of_run) {
    const std::size_t run = stream_of(stream_id);
    if (run >= kRuns || !followed_[run].follower) return;
    followed_[run].heard_ms = world_.events.now_ms();
    const Entries entries = entries_of(records_of_run);
    const auto views = records(run, entries);
    apply(run, followed_[run].follower->live(views));
}

void Node::open(std::size_t run) {
    followed_[run].is_opening = true;
    const auto again = [this, run] { later(kRetryMs, [this, run] { open(run); }); };
    const std::string home = home_of_run(run);
    if (world_.mutation == Mutation::kReadBeforeSubscribe)
        return tail(run, [this, run, home, again](Status status, const store::StreamInfo& info) {
            if (status != Status::kOk) return again();
            (void)store_->channels().subscribe(
                {.home = home}, heard([this, run, again, head = info.head](const auto& subscribed) {
                    subscribed.status == Status::kOk ? opened(run, head) : again();
                }));
        });
    (void)store_->channels().subscribe(
        {.home = home}, heard([this, run, again](const auto& subscribed) {
            if (subscribed.status != Status::kOk) return again();
            tail(run, [this, run, again](Status status, const store::StreamInfo& info) {
                status == Status::kOk ? opened(run, info.head) : again();
            });
        }));
}

void Node::opened(std::size_t run, Position head) {
    Followed& followed = followed_[run];
    followed.is_opening = false;
    followed.heard_ms = world_.events.now_ms();
    followed.follower.emplace();
    apply(run, followed.follower->opened(wire(head)));
    for (const std::size_t reader : std::vector(followed.joining))
        join(run, reader, 1, {}, 0);
}

void Node::apply(std::size_t run, pubsub::Step step) {
    Followed& followed = followed_[run];
    while (true) {
        deliver(run, step.deliver);
        if (step.diverged) {
            world_.note("node", index_, "starts run", run, "anew at", followed.follower->position().seq);
            for (const std::size_t reader : std::exchange(followed.readers, {})) {
                followed.joining.push_back(reader);
                join(run, reader, 1, {}, 0);
            }
        }
        if (step.read_from) return read(run, *step.read_from);
        if (!followed.follower->wants_release()) return;
        step = followed.follower->release();
    }
}

void Node::deliver(std::size_t run, std::span<const sh_record> records) {
    for (const sh_record& record : records)
        for (const std::size_t reader : followed_[run].readers)
            world_.oracle.delivered(reader, run, entry_of(record));
}

void Node::read(std::size_t run, std::uint64_t from) {
    (void)store_->streams().read({.id = id_of(run), .from = from, .max_entries = kPage},
                                 heard([this, run](const store::ReadResult& result) { page(run, result); }));
}

void Node::page(std::size_t run, const store::ReadResult& result) {
    Followed& followed = followed_[run];
    pubsub::Follower& follower = *followed.follower;
    const auto again = [this, run] { apply(run, followed_[run].follower->retry()); };
    if (result.status != Status::kOk) {
        follower.page_failed();
        return later(kRetryMs, again);
    }
    const Entries entries = entries_of(result.records);
    const auto views = records(run, entries);
    pubsub::Page page;
    page.before_check =
        world_.mutation == Mutation::kNoCheck ? follower.position().check : result.before.check;
    page.head = wire(result.info.head);
    page.more = !entries.empty() && entries.back().seq < result.info.head.seq;
    page.records = views;
    const std::int64_t now_ms = world_.events.now_ms();
    const bool is_over = followed.behind_since_ms && now_ms - *followed.behind_since_ms >= kPatienceMs;
    const pubsub::Step step =
        follower.page(page, is_over ? pubsub::Patience::kIsOver : pubsub::Patience::kWaits);
    if (step.is_behind) {
        if (!followed.behind_since_ms) followed.behind_since_ms = now_ms;
        return later(kRetryMs, again);
    }
    followed.behind_since_ms.reset();
    apply(run, step);
}

void Node::check_tail(std::size_t run) {
    Followed& followed = followed_[run];
    if (!followed.follower || world_.events.now_ms() - followed.heard_ms < kSilenceMs) return;
    const bool matters =
        followed.heard_ms == 0 || !followed.follower->has_ended() || followed.follower->is_broken();
    if (!matters) return;
    followed.heard_ms = world_.events.now_ms();
    tail(run, [this, run](Status status, const store::StreamInfo& info) {
        if (status != Status::kOk) return;
        const pubsub::Step step = followed_[run].follower->tail(wire(info.head));
        // Whoever subscribed first and looked then was sent whatever came behind.
        if (step.read_from && world_.cluster.is_lossless(index_) &&
            world_.cluster.published(index_, run) < info.head.seq &&
            followed_[run].follower->position().seq < info.head.seq)
            world_.oracle.fail("a record was missed although nothing was lost");
        apply(run, step);
    });
}

// A reader is given what it lacks from the store, up to where the follower stands, and goes on with that.
void Node::join(std::size_t run, std::size_t reader, std::uint64_t from, Entries text,
                std::int64_t since_ms) {
    const auto answered = [this, run, reader, text = std::move(text),
                           since_ms](const store::ReadResult& result) mutable {
        const auto& joining = followed_[run].joining;
        if (std::find(joining.begin(), joining.end(), reader) == joining.end()) return;
        const auto retry = [&] {
            later(kRetryMs, [this, run, reader, since_ms] { join(run, reader, 1, {}, since_ms); });
        };
        const std::uint64_t check = text.empty() ? 0 : text.back().check;
        if (result.status != Status::kOk || result.before.check != check) return retry();
        for (Entry& entry : entries_of(result.records))
            text.push_back(std::move(entry));
        const std::uint64_t next = text.size() + 1;
        if (next <= result.info.head.seq) return join(run, reader, next, std::move(text), since_ms);
        if (!joined(run, reader, text, since_ms)) retry();
    };
    (void)store_->streams().read({.id = id_of(run), .from = from, .max_entries = kPage}, heard(answered));
}

bool Node::joined(std::size_t run, std::size_t reader, const Entries& text, std::int64_t& behind_since_ms) {
    Followed& followed = followed_[run];
    const auto holds = [&text](std::uint64_t seq, std::uint64_t check) {
        return seq == 0 || (seq <= text.size() && text[seq - 1].check == check);
    };
    const sh_position goal = followed.follower->position();
    if (followed.follower->is_reading() || !holds(goal.seq, goal.check)) return false;
    Position at = world_.oracle.position(reader);
    if (holds(at.seq, at.check)) {
        if (at.seq > goal.seq) return false;  // it is ahead of this node, not of the store
    } else {
        // One that has more than the store waits for those who write it again.
        if (behind_since_ms == 0) behind_since_ms = world_.events.now_ms();
        if (at.seq > text.size() && world_.events.now_ms() - behind_since_ms < kPatienceMs) return false;
        world_.note("reader", reader, "of run", run, "on node", index_, "gets all anew; had", at.seq);
        world_.oracle.replaced(reader, run);
        at = {};
    }
    std::erase(followed.joining, reader);
    followed.readers.push_back(reader);
    for (std::uint64_t seq = at.seq; seq < goal.seq; ++seq)
        world_.oracle.delivered(reader, run, text[seq]);
    return true;
}

}  // namespace streamhost::sim
