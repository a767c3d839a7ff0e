#include "local_producers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace streamcache {

using streamhost::bytes;
using streamhost::Host;
using streamhost::view;

void LocalProducers::claimed(const std::string& stream, const sh_result& claim, std::uint32_t lease_ms,
                             std::uint64_t producer) {
    ProducerOptions options = options_;
    options.lease_ms = lease_ms;
    auto held =
        std::make_shared<Held>(Producer(store_->chain, claim.fence, {claim.last, claim.check}, options));
    held->pid = producer;
    held->is_live = store_->policy(host_.raw(), bytes(stream)) == SH_POLICY_LIVE;
    const std::lock_guard lock(mutex_);
    auto& slot = producers_[stream];
    if (slot != nullptr) answer(slot->producer.fail(SH_FENCED));
    slot = std::move(held);
}

sh_status LocalProducers::write(std::string_view stream, std::uint64_t fence, const sh_item* items,
                                std::uint32_t count, const sh_bytes* end, sh_ticket ticket) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = producers_.find(stream);
        if (found == producers_.end() || found->second->producer.fence() != fence) return SH_FENCED;
        Producer& producer = found->second->producer;
        const sh_status status =
            end != nullptr ? producer.end(view(*end), ticket) : producer.write(items, count, ticket);
        if (status != SH_OK) return status;
    }
    // A refused post is no loss: the next write or tick pumps again.
    static_cast<void>(host_.post(SH_ON_STORE, [this, id = std::string(stream)] { pump(id); }));
    return SH_OK;
}

bool LocalProducers::release(const std::string& stream, std::uint64_t fence, sh_ticket ticket) {
    sh_status status = SH_OK;
    {
        const std::lock_guard lock(mutex_);
        const auto found = producers_.find(stream);
        if (found == producers_.end() || found->second->producer.fence() != fence) return false;
        status = found->second->producer.leave(ticket);
    }
    if (status == SH_OK)
        pump(stream);
    else
        host_.complete(ticket, status);
    return true;
}

void LocalProducers::give_back(const std::string& stream, const Held& held, sh_ticket ticket) {
    store_.run(&sh_store_ext::renew, store_.pass_on(ticket), bytes(stream), held.producer.fence(), held.pid,
               0u);
}

void LocalProducers::pump(const std::string& stream) {
    Ref held;
    std::optional<AppendCommand> next;
    std::optional<sh_ticket> left;
    {
        const std::lock_guard lock(mutex_);
        const auto found = producers_.find(stream);
        if (found == producers_.end()) return;
        held = found->second;
        next = held->producer.next(host_.monotonic_ms());
        left = held->producer.left();
        if (left) producers_.erase(found);
    }
    if (left) return give_back(stream, *held, *left);
    if (!next) return preview(stream, held);
    const sh_store_append request{.struct_size = sizeof(request),
                                  .count = static_cast<std::uint32_t>(next->records.size()),
                                  .stream = bytes(stream),
                                  .records = next->records.data(),
                                  .fence = held->producer.fence(),
                                  .producer = held->pid,
                                  .end_state = next->end_state,
                                  .lease_ms = held->producer.lease_ms()};
    const auto settle = [this, stream, held, sent_ms = host_.monotonic_ms()](const sh_result& result) {
        counts_.count(result, host_.monotonic_ms() - sent_ms);
        appended(stream, held, result);
    };
    store_.run(&sh_store_ext::append, settle, &request);
}

void LocalProducers::appended(const std::string& stream, const Ref& held, const sh_result& result) {
    std::vector<Answer> answers;
    std::optional<std::int64_t> retry_at;
    {
        const std::lock_guard lock(mutex_);
        answers = held->producer.appended(result, host_.monotonic_ms());
        retry_at = held->producer.retry_at();
        drop_if_over(stream, held, result.status);
    }
    answer(answers);
    if (!retry_at) return pump(stream);
    preview(stream, held);
    const std::int64_t wait = std::max<std::int64_t>(1, *retry_at - host_.monotonic_ms());
    // Without a timer the tick retries a second later.
    static_cast<void>(
        host_.after(SH_ON_STORE, static_cast<std::uint64_t>(wait), [this, stream] { pump(stream); }));
}

// While the store is away the readers of this node go on; it gets the same records when it is back.
void LocalProducers::preview(const std::string& stream, const Ref& held) {
    if (!held->is_live) return;
    std::vector<sh_record> records;
    {
        const std::lock_guard lock(mutex_);
        records = held->producer.preview(host_.wall_ms());
    }
    if (records.empty()) return;
    counts_.previewed(records.size());
    const auto count = static_cast<std::uint32_t>(records.size());
    // A refusal leaves readers where those of a durable stream are: they wait for the store.
    static_cast<void>(store_->preview(host_.raw(), bytes(stream), records.data(), count));
}

void LocalProducers::tick() {
    std::vector<std::pair<std::string, Ref>> silent;
    std::vector<std::string> all;
    {
        const std::lock_guard lock(mutex_);
        const std::int64_t now_ms = host_.monotonic_ms();
        std::erase_if(producers_, [now_ms](const auto& entry) {
            return entry.second->kept_until_ms && *entry.second->kept_until_ms <= now_ms;
        });
        for (const auto& [stream, held] : producers_) {
            if (!held->producer.is_over()) all.push_back(stream);
            // Asked before the pumps: a store that refuses their appends may still take a renewal.
            if (held->producer.wants_renewal(now_ms)) silent.emplace_back(stream, held);
        }
    }
    counts_.holds(all.size());
    for (const auto& stream : all)
        pump(stream);
    for (const auto& [stream, held] : silent)
        renew(stream, held);
}

void LocalProducers::renew(const std::string& stream, const Ref& held) {
    const auto settle = [this, stream, held](const sh_result& result) {
        std::vector<Answer> answers;
        {
            const std::lock_guard lock(mutex_);
            answers = held->producer.renewed(result.status, host_.monotonic_ms());
            drop_if_over(stream, held, result.status);
        }
        answer(answers);
    };
    store_.run(&sh_store_ext::renew, settle, bytes(stream), held->producer.fence(), held->pid,
               held->producer.lease_ms());
}

void LocalProducers::drop_if_over(const std::string& stream, const Ref& held, sh_status why) {
    if (!held->producer.is_over() || held->kept_until_ms) return;
    if (why != SH_OK) {
        held->kept_until_ms = host_.monotonic_ms() + held->producer.lease_ms();
        return;
    }
    const auto found = producers_.find(stream);
    if (found != producers_.end() && found->second == held) producers_.erase(found);
}

void LocalProducers::answer(const std::vector<Answer>& answers) const {
    for (const Answer& each : answers) {
        sh_result result = Host::make_result(each.status);
        result.last = each.last.seq;
        result.check = each.last.check;
        host_.complete(each.ticket, result);
    }
}

streamhost::DrainReport LocalProducers::left() const {
    const std::lock_guard lock(mutex_);
    streamhost::DrainReport report;
    for (const auto& [stream, held] : producers_) {
        if (!held->producer.has_unacknowledged()) continue;
        ++report.left;
        report.why = "entries of " + stream + " wait for the store";
    }
    return report;
}

void LocalProducers::fail_all(sh_status why) {
    std::map<std::string, Ref, std::less<>> producers;
    {
        const std::lock_guard lock(mutex_);
        producers.swap(producers_);
    }
    for (const auto& [stream, held] : producers)
        answer(held->producer.fail(why));
}

}  // namespace streamcache
