#include "store/memory/jobs.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

std::uint64_t member_bytes(std::string_view member) noexcept { return 192 + member.size(); }

}  // namespace

const OpenResult& OpenAnswer::view() {
    members.assign(kept.begin(), kept.end());
    result.members = members;
    return result;
}

Submit MemoryJobs::open_put(const OpenPutRequest& request, OpenDone done) {
    return core_.run<OpenAnswer>(check(request), std::move(done), [&] { return put_now(request); });
}

OpenAnswer MemoryJobs::put_now(const OpenPutRequest& request) {
    if (!core_.account.fits(member_bytes(request.member))) return {{Status::kExhausted, {}, 0}, {}, {}};
    OpenRuns& shard = shards_.at(request.shard).second;
    if (shard.put(request.member, core_.now() + request.due_in_ms))
        core_.account.add(member_bytes(request.member));
    return {{Status::kOk, {}, shard.size()}, {}, {}};
}

Submit MemoryJobs::open_take(const OpenTakeRequest& request, OpenDone done) {
    return core_.run<OpenAnswer>(check(request), std::move(done), [&]() -> OpenAnswer {
        OpenRuns* shard = shards_.find(request.shard);
        if (!shard) return {{Status::kOk, {}, 0}, {}, {}};
        auto members = shard->take(core_.now(), core_.now() + request.ahead_ms, request.max);
        return {{Status::kOk, {}, shard->size()}, std::move(members), {}};
    });
}

Submit MemoryJobs::open_remove(const OpenRemoveRequest& request, OpenDone done) {
    return core_.run<OpenAnswer>(check(request), std::move(done), [&]() -> OpenAnswer {
        OpenRuns* shard = shards_.find(request.shard);
        const bool removed = shard && shard->remove(request.member);
        if (removed) core_.account.remove(member_bytes(request.member));
        return {{removed ? Status::kOk : Status::kNotFound, {}, shard ? shard->size() : 0}, {}, {}};
    });
}

Submit MemoryJobs::push(const PushRequest& request, QueueDone done) {
    return core_.run<QueueAnswer>(check(request), std::move(done), [&] { return push_now(request); });
}

QueueAnswer MemoryJobs::push_now(const PushRequest& request) {
    QueueAnswer answer;
    const std::uint64_t cost = KeptJob{}.cost() + request.payload.size();
    Queue& queue = queues_.at(request.queue).second;
    if (queue.waiting() + queue.pending() >= core_.limits().queue_jobs) {
        answer.result.status = Status::kFull;
    } else if (!core_.account.fits(cost)) {
        answer.result.status = Status::kExhausted;
    } else {
        answer.result.status = Status::kOk;
        answer.id = std::to_string(++last_job_);
        queue.push(answer.id, request.payload);
        core_.account.add(cost);
        serve(queue);
    }
    return answer;
}

void MemoryJobs::serve(Queue& queue) {
    while (queue.waiting() > 0 && !queue.waiters.empty()) {
        Queue::Waiter waiter = std::move(queue.waiters.front());
        queue.waiters.pop_front();
        --waits_;
        QueueAnswer answer;
        answer.result.status = Status::kOk;
        answer.kept =
            queue.take(waiter.consumer, waiter.max, core_.now(), std::numeric_limits<std::int64_t>::min());
        core_.reply(std::move(answer), std::move(waiter.done));
    }
}

Submit MemoryJobs::take(const TakeRequest& request, QueueDone done) {
    if (const Submit slot = core_.admit(); slot != Submit::kAccepted) return slot;
    QueueAnswer answer;
    answer.result.status = check(request);
    const std::int64_t now = core_.now();
    if (answer.result.status == Status::kOk) {
        const std::int64_t stale =
            request.idle_ms == 0 ? std::numeric_limits<std::int64_t>::min() : now - request.idle_ms;
        Queue& queue = queues_.at(request.queue).second;
        answer.kept = queue.take(request.consumer, request.max, now, stale);
        if (answer.kept.empty() && request.wait_ms > 0) {
            queue.waiters.push_back(
                {std::string(request.consumer), request.max, now + request.wait_ms, std::move(done)});
            ++waits_;
            core_.wake_at(now + request.wait_ms);
            return Submit::kAccepted;
        }
        if (answer.kept.empty()) answer.result.status = Status::kTimeout;
    }
    core_.reply(std::move(answer), std::move(done));
    return Submit::kAccepted;
}

Submit MemoryJobs::ack(const AckRequest& request, QueueDone done) {
    return core_.run<QueueAnswer>(check(request), std::move(done), [&] {
        QueueAnswer answer;
        answer.result.status = Status::kOk;
        if (Queue* queue = queues_.find(request.queue))
            for (const std::string_view id : request.jobs)
                if (const std::uint64_t cost = queue->ack(id); cost > 0) {
                    core_.account.remove(cost);
                    ++answer.result.count;
                }
        return answer;
    });
}

Submit MemoryJobs::depth(const DepthRequest& request, QueueDone done) {
    return core_.run<QueueAnswer>(check(request), std::move(done), [&] {
        QueueAnswer answer;
        answer.result.status = Status::kOk;
        if (const Queue* queue = queues_.find(request.queue)) {
            answer.result.waiting = queue->waiting();
            answer.result.pending = queue->pending();
        }
        return answer;
    });
}

void MemoryJobs::end_waits(Waits which) {
    if (waits_ == 0) return;
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    queues_.for_each([&](const std::string&, Queue& queue) {
        for (auto at = queue.waiters.begin(); at != queue.waiters.end();) {
            if (which == Waits::kDue && at->deadline_ms > core_.now()) {
                next = std::min(next, at->deadline_ms);
                ++at;
                continue;
            }
            QueueAnswer answer;
            answer.result.status = which == Waits::kDue ? Status::kTimeout : Status::kGone;
            core_.reply(std::move(answer), std::move(at->done));
            at = queue.waiters.erase(at);
            --waits_;
        }
    });
    if (waits_ > 0) core_.wake_at(next);
}

void MemoryJobs::sweep(std::size_t items) {
    for (const std::string& name :
         shards_.sweep(items, [](const std::string&, const OpenRuns& shard) { return shard.size() == 0; }))
        shards_.erase(name);
    const auto idle = [](const std::string&, const Queue& queue) {
        return queue.waiting() == 0 && queue.pending() == 0 && queue.waiters.empty();
    };
    for (const std::string& name : queues_.sweep(items, idle))
        queues_.erase(name);
}

}  // namespace streamhost::store::memory
