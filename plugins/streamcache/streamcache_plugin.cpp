// Glue: the table of svc/streamcache.h on one side, the store on the other. Calls come from any thread and
// are carried to the store loop, where all state lives; only write() answers at once, so the local producers
// are behind a mutex.
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/plugin.hpp"

#include "fold.hpp"
#include "producer.hpp"

namespace streamcache {
namespace {

using streamhost::Batch;
using streamhost::Buffer;
using streamhost::Config;
using streamhost::Failure;
using streamhost::Host;
using streamhost::OwnedRecord;
using streamhost::view;

constexpr std::uint32_t kReadEntries = 1'000;
constexpr std::uint32_t kReadBytes = 4u << 20;
constexpr std::uint64_t kTickMs = 1'000;

// Items that outlive the call which brought them.
std::vector<OwnedRecord> own(const sh_item* items, std::uint32_t count) {
    std::vector<OwnedRecord> result(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        result[index].head.type = items[index].type;
        result[index].data = view(items[index].data);
    }
    return result;
}

std::vector<sh_record> views(const std::vector<OwnedRecord>& owned) {
    std::vector<sh_record> result;
    result.reserve(owned.size());
    for (const auto& record : owned)
        result.push_back(record.record());
    return result;
}

class Streamcache : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const Config& config) override {
        options_.max_waiting_bytes = static_cast<std::size_t>(config.integer("producer_buffer_bytes"));
        options_.max_batch = static_cast<std::uint32_t>(config.integer("batch_entries"));
    }

    void start() override {
        store_ = host().require<sh_store_ext>(SH_EXT_STORE);
        for (const char* result : {"ok", "dup", "gap", "fenced", "closed", "nostream", "full", "error"})
            appends_[result] =
                host().counter("appends_total", "Appends to owned streams by result", {{"result", result}});
        host().provide(SH_SVC_STREAMCACHE, &kTable, this);
        if (const sh_status status = host().every(SH_ON_STORE, kTickMs, [this] { tick(); }); status != SH_OK)
            throw Failure(status, "no timer for lease renewals");
    }

    // What producers wrote and the store has not taken yet.
    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override {
        const std::lock_guard lock(mutex_);
        streamhost::DrainReport report;
        for (const auto& [stream, held] : producers_) {
            if (held->producer.waiting_items() == 0 && !held->in_flight) continue;
            ++report.left;
            report.why = "entries of " + stream + " wait for the store";
        }
        return report;
    }

    void stop() override {
        std::map<std::string, std::shared_ptr<Held>> producers;
        {
            const std::lock_guard lock(mutex_);
            producers.swap(producers_);
        }
        for (auto& [stream, held] : producers)
            answer(held->producer.fail(SH_GONE));
    }

private:
    struct Held {
        explicit Held(Producer made) : producer(std::move(made)) {}
        Producer producer;
        std::uint64_t pid = 0;
        bool in_flight = false;
    };
    using Done = Host::Answer;

    // Runs `body` on the store loop; there at once.
    template <typename Body>
    void on_store(sh_ticket ticket, Body body) {
        if (host().current() == SH_ON_STORE) return body();
        if (host().post(SH_ON_STORE, std::move(body)) != SH_OK)
            host().complete(ticket, SH_BUSY, "the store loop's queue is full");
    }

    // One store command whose answer goes to `done`, also when the store does not take it.
    template <typename Command>
    void command(Command&& send, Done done) {
        auto shared = std::make_shared<Done>(std::move(done));
        const std::uint64_t token = host().expect([shared](const sh_result& result) { (*shared)(result); });
        const sh_status status = send(token);
        if (status == SH_OK) return;
        host().forget(token);
        auto refuse = [shared, status] { (*shared)(Host::make_result(status)); };
        // A full store loop queue is refused here and now: we are on the store loop, and the caller's ticket
        // still answers later.
        if (host().post(SH_ON_STORE, refuse) != SH_OK) refuse();
    }
    Done pass_on(sh_ticket ticket) {
        return [this, ticket](const sh_result& result) { host().complete(ticket, result); };
    }

    // ------------------------------------------------------------------------------------------------ owned
    // streams

    void claim(std::string stream, std::uint32_t lease_ms, sh_ticket ticket) {
        const std::uint64_t pid = random_();
        sh_store_claim request{.struct_size = sizeof(request),
                               .stream = streamhost::bytes(stream),
                               .producer = pid,
                               .lease_ms = lease_ms};
        command([&](std::uint64_t token) { return store_->claim(host().raw(), &request, token); },
                [this, stream, lease_ms, pid, ticket](const sh_result& result) {
                    if (result.status == SH_OK) hold(stream, result, lease_ms, pid);
                    host().complete(ticket, result);
                });
    }

    void hold(const std::string& stream, const sh_result& claimed, std::uint32_t lease_ms,
              std::uint64_t pid) {
        ProducerOptions options = options_;
        options.lease_ms = lease_ms;
        auto held = std::make_shared<Held>(
            Producer(store_->chain, claimed.fence, {claimed.last, claimed.check}, options));
        held->pid = pid;
        const std::lock_guard lock(mutex_);
        auto& slot = producers_[stream];
        if (slot != nullptr) answer(slot->producer.fail(SH_FENCED));
        slot = std::move(held);
    }

    std::shared_ptr<Held> find(const std::string& stream, std::uint64_t fence) {
        const auto found = producers_.find(stream);
        if (found == producers_.end() || found->second->producer.fence() != fence) return nullptr;
        return found->second;
    }

    sh_status write(std::string_view stream, std::uint64_t fence, const sh_item* items, std::uint32_t count,
                    const sh_bytes* end, sh_ticket ticket) {
        std::string id(stream);
        {
            const std::lock_guard lock(mutex_);
            const auto held = find(id, fence);
            if (held == nullptr) return SH_FENCED;
            const sh_status status = end != nullptr ? held->producer.end(view(*end), ticket)
                                                    : held->producer.write(items, count, ticket);
            if (status != SH_OK) return status;
        }
        auto pump_it = [this, id] { pump(id); };
        // A refused post is no loss: the next write or tick pumps again.
        if (host().post(SH_ON_STORE, pump_it) != SH_OK) return SH_OK;
        return SH_OK;
    }

    void pump(const std::string& stream) {
        std::shared_ptr<Held> held;
        std::optional<AppendCommand> next;
        {
            const std::lock_guard lock(mutex_);
            const auto found = producers_.find(stream);
            if (found == producers_.end()) return;
            held = found->second;
            next = held->producer.next(host().monotonic_ms());
            held->in_flight = held->in_flight || next.has_value();
        }
        if (!next) return;
        sh_store_append request{.struct_size = sizeof(request),
                                .count = static_cast<std::uint32_t>(next->records.size()),
                                .stream = streamhost::bytes(stream),
                                .records = next->records.data(),
                                .fence = held->producer.fence(),
                                .producer = held->pid,
                                .end_state = next->end_state,
                                .lease_ms = options_.lease_ms};
        command([&](std::uint64_t token) { return store_->append(host().raw(), &request, token); },
                [this, stream, held](const sh_result& result) { appended(stream, held, result); });
    }

    void appended(const std::string& stream, const std::shared_ptr<Held>& held, const sh_result& result) {
        count_append(result);
        std::vector<Answer> answers;
        std::optional<std::int64_t> retry_at;
        {
            const std::lock_guard lock(mutex_);
            held->in_flight = false;
            answers = held->producer.appended(result, host().monotonic_ms());
            retry_at = held->producer.retry_at();
            const auto found = producers_.find(stream);
            if (held->producer.is_over() && found != producers_.end() && found->second == held)
                producers_.erase(found);
        }
        answer(answers);
        if (!retry_at) return pump(stream);
        const std::int64_t wait = std::max<std::int64_t>(1, *retry_at - host().monotonic_ms());
        // Without a timer the tick retries a second later.
        if (host().after(SH_ON_STORE, static_cast<std::uint64_t>(wait), [this, stream] { pump(stream); }) !=
            SH_OK)
            return;
    }

    void answer(const std::vector<Answer>& answers) {
        for (const Answer& each : answers) {
            sh_result result = Host::make_result(each.status);
            result.last = each.last.seq;
            result.check = each.last.check;
            host().complete(each.ticket, result);
        }
    }

    void tick() {
        std::vector<std::pair<std::string, std::shared_ptr<Held>>> silent;
        std::vector<std::string> all;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& [stream, held] : producers_) {
                all.push_back(stream);
                if (held->producer.wants_renewal(host().monotonic_ms())) silent.emplace_back(stream, held);
            }
        }
        for (const auto& stream : all)
            pump(stream);
        for (auto& [stream, held] : silent)
            renew_held(stream, held);
    }

    void renew_held(const std::string& stream, const std::shared_ptr<Held>& held) {
        command(
            [&](std::uint64_t token) {
                return store_->renew(host().raw(), streamhost::bytes(stream), held->producer.fence(),
                                     held->pid, options_.lease_ms, token);
            },
            [this, stream, held](const sh_result& result) {
                std::vector<Answer> answers;
                {
                    const std::lock_guard lock(mutex_);
                    answers = held->producer.renewed(result.status, host().monotonic_ms());
                    const auto found = producers_.find(stream);
                    if (held->producer.is_over() && found != producers_.end() && found->second == held)
                        producers_.erase(found);
                }
                answer(answers);
            });
    }

    // A producer outside of this process gives fence and number. What comes before `seq` is read from the
    // store, so any node can take it.
    void append(std::string stream, std::uint64_t fence, std::uint64_t seq, std::vector<OwnedRecord> items,
                std::uint32_t end_state, sh_ticket ticket) {
        auto read_before = [&](std::uint64_t token) {
            return store_->read(host().raw(), streamhost::bytes(stream), seq, 1, 1, token);
        };
        command(read_before, [this, stream, fence, seq, items = std::move(items), end_state,
                              ticket](const sh_result& before) mutable {
            if (before.status != SH_OK) return host().complete(ticket, before);
            if (seq > before.last + 1) {
                sh_result gap = Host::make_result(SH_GAP);
                gap.first = before.last + 1;
                return host().complete(ticket, gap);
            }
            if (seq < before.first) return host().complete(ticket, SH_EXPIRED, "these entries were trimmed");
            append_chained(stream, fence, {seq - 1, before.fence}, items, end_state, ticket);
        });
    }

    void append_chained(const std::string& stream, std::uint64_t fence, sh_position before,
                        std::vector<OwnedRecord>& items, std::uint32_t end_state, sh_ticket ticket) {
        const std::uint64_t first = before.seq + 1;
        for (OwnedRecord& item : items) {
            item.head.seq = before.seq + 1;
            item.head.prev = before.check;
            item.head.fence = fence;
            item.head.check = store_->chain(before.check, item.head.type, streamhost::bytes(item.data));
            before = {item.head.seq, item.head.check};
        }
        const std::vector<sh_record> records = views(items);
        sh_store_append request{.struct_size = sizeof(request),
                                .count = static_cast<std::uint32_t>(records.size()),
                                .stream = streamhost::bytes(stream),
                                .records = records.data(),
                                .fence = fence,
                                .end_state = end_state,
                                .lease_ms = options_.lease_ms};
        command([&](std::uint64_t token) { return store_->append(host().raw(), &request, token); },
                [this, first, last = before, ticket](const sh_result& result) {
                    count_append(result);
                    sh_result answer = result;
                    if (result.status == SH_GAP) answer.first = result.last + 1;
                    if (result.status == SH_OK) {
                        answer.first = first;
                        answer.last = last.seq;
                        answer.check = last.check;
                    }
                    host().complete(ticket, answer);
                });
    }

    void count_append(const sh_result& result) {
        const auto name = [&]() -> const char* {
            switch (result.status) {
            case SH_OK: return (result.flags & SH_RESULT_DUPLICATE) != 0 ? "dup" : "ok";
            case SH_GAP: return "gap";
            case SH_FENCED: return "fenced";
            case SH_ENDED: return "closed";
            case SH_NOT_FOUND: return "nostream";
            case SH_FULL: return "full";
            default: return "error";
            }
        }();
        appends_[name].add();
    }

    // ------------------------------------------------------------------------------------------------
    // reading

    // Nobody has written it: that is an answer, not a failure.
    static sh_result known(const sh_result& result) {
        if (result.status != SH_NOT_FOUND) return result;
        sh_result unknown = Host::make_result(SH_OK);
        unknown.state = SH_STREAM_UNKNOWN;
        return unknown;
    }

    void read(const std::string& stream, std::uint64_t from, std::uint32_t max_entries,
              std::uint32_t max_bytes, Done done) {
        command(
            [&](std::uint64_t token) {
                return store_->read(host().raw(), streamhost::bytes(stream), std::max<std::uint64_t>(1, from),
                                    max_entries, max_bytes, token);
            },
            [done = std::move(done)](const sh_result& result) mutable { done(known(result)); });
    }

    void snapshot(std::string stream, std::uint64_t from, std::shared_ptr<Fold> fold, sh_ticket ticket) {
        read(stream, from, kReadEntries, kReadBytes, [this, stream, fold, ticket](const sh_result& page) {
            if (page.status != SH_OK) return host().complete(ticket, page);
            if (page.batch != nullptr) fold->add({page.batch->records, page.batch->count});
            if ((page.flags & SH_RESULT_MORE) != 0 && page.batch != nullptr && page.batch->count > 0)
                return snapshot(stream, page.batch->records[page.batch->count - 1].seq + 1, fold, ticket);
            const std::vector<sh_record> records = fold->records();
            const Batch batch = host().make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
            sh_result answer = Host::make_result(SH_OK);
            answer.first = page.first;
            answer.last = fold->at().seq;
            answer.check = fold->at().check;
            answer.state = page.state;
            answer.flags = page.flags & SH_RESULT_OWNED;
            answer.batch = batch.get();
            host().complete(ticket, answer);
        });
    }

    void tail(const std::string& stream, sh_ticket ticket) {
        const sh_bytes id = streamhost::bytes(stream);
        command([&](std::uint64_t token) { return store_->tail(host().raw(), &id, 1, token); },
                [this, ticket](const sh_result& result) {
                    if (result.status != SH_OK || result.count != 1)
                        return host().complete(ticket, known(result));
                    const auto* info = reinterpret_cast<const sh_stream_info*>(result.body->data);
                    sh_result answer = Host::make_result(SH_OK);
                    answer.first = info->state == SH_STREAM_UNKNOWN ? 0 : info->base.seq + 1;
                    answer.last = info->head.seq;
                    answer.check = info->head.check;
                    answer.fence = info->fence;
                    answer.state = info->state;
                    answer.flags = info->owned != 0 ? SH_RESULT_OWNED : 0;
                    host().complete(ticket, answer);
                });
    }

    void runs(const std::string& session, sh_ticket ticket) {
        command(
            [&](std::uint64_t token) {
                return store_->runs(host().raw(), streamhost::bytes(session), token);
            },
            [this, ticket](const sh_result& result) {
                if (result.status != SH_OK) return host().complete(ticket, result);
                const auto* infos = reinterpret_cast<const sh_stream_info*>(result.body->data);
                std::string list = "[";
                for (std::uint64_t index = 0; index < result.count; ++index) {
                    if (infos[index].state != SH_STREAM_OPEN) continue;
                    if (list.size() > 1) list += ',';
                    list += "{\"run\":" + streamhost::json_string(view(infos[index].stream)) +
                            ",\"state\":\"" + (infos[index].claims == 0 ? "pending" : "active") +
                            "\",\"job\":" + streamhost::json_string(view(infos[index].job)) + "}";
                }
                const Buffer body = host().make_buffer(list + "]");
                sh_result answer = Host::make_result(SH_OK);
                answer.body = body.get();
                host().complete(ticket, answer);
            });
    }

    // ------------------------------------------------------------------------------------------------ the
    // table

    static Streamcache& of(void* self) { return *static_cast<Streamcache*>(self); }
    // What a call throws (out of memory) becomes its answer.
    template <typename Body>
    static void barrier(void* self, sh_ticket ticket, Body&& body) noexcept {
        sh_error error{};
        if (const sh_status status = streamhost::guard(&error, body); status != SH_OK) {
            streamhost::guard(nullptr, [&] { of(self).host().complete(ticket, status, error.text); });
        }
    }

    static void table_claim(void* self, sh_bytes stream, std::uint32_t lease_ms, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            plugin.on_store(ticket, [&plugin, id = std::string(view(stream)), lease_ms, ticket] {
                plugin.claim(id, lease_ms, ticket);
            });
        });
    }
    static void table_renew(void* self, sh_bytes stream, std::uint64_t fence, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            plugin.on_store(ticket, [&plugin, id = std::string(view(stream)), fence, ticket] {
                plugin.command(
                    [&](std::uint64_t token) {
                        return plugin.store_->renew(plugin.host().raw(), streamhost::bytes(id), fence, 0,
                                                    plugin.options_.lease_ms, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_append(void* self, const sh_append* append, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            auto items = own(append->items, append->count);
            std::uint32_t end_state = SH_STREAM_OPEN;
            if (append->end.size > 0) {
                OwnedRecord end;
                end.head.type = SH_RECORD_END;
                end.data = view(append->end);
                end_state = end_state_of(end.data);
                items.push_back(std::move(end));
            }
            if (items.empty() || append->seq == 0 || end_state == SH_STREAM_UNKNOWN)
                throw Failure(SH_INVALID,
                              "an append needs a number, entries or an end, and an outcome that exists");
            plugin.on_store(ticket,
                            [&plugin, id = std::string(view(append->stream)), fence = append->fence,
                             seq = append->seq, items = std::move(items), end_state, ticket]() mutable {
                                plugin.append(std::move(id), fence, seq, std::move(items), end_state, ticket);
                            });
        });
    }
    static void table_publish(void* self, const sh_publish* publish, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            std::string key = publish->key.size > 0 ? std::string(view(publish->key)) : plugin.random_key();
            plugin.on_store(ticket, [&plugin, id = std::string(view(publish->stream)), key = std::move(key),
                                     items = own(publish->items, publish->count), ticket] {
                const std::vector<sh_record> records = views(items);
                sh_store_publish request{.struct_size = sizeof(request),
                                         .count = static_cast<std::uint32_t>(records.size()),
                                         .stream = streamhost::bytes(id),
                                         .key = streamhost::bytes(key),
                                         .entries = records.data()};
                plugin.command(
                    [&](std::uint64_t token) {
                        return plugin.store_->publish(plugin.host().raw(), &request, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_send(void* self, const sh_send* send, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            struct Copy {
                std::string session, user, key, hash, run, job, answer;
                std::vector<OwnedRecord> entries;
            };
            const sh_item items[] = {{SH_RECORD_MESSAGE, 0, send->message_data},
                                     {SH_RECORD_RUN, 0, send->run_data}};
            auto copy = std::make_shared<Copy>(
                Copy{std::string(view(send->session)), std::string(view(send->user)),
                     send->key.size > 0 ? std::string(view(send->key)) : plugin.random_key(),
                     std::string(view(send->content_hash)), std::string(view(send->run)),
                     std::string(view(send->job)), std::string(view(send->answer)), own(items, 2)});
            plugin.on_store(ticket, [&plugin, copy, ticket] {
                const std::vector<sh_record> records = views(copy->entries);
                using streamhost::bytes;
                sh_store_send request{.struct_size = sizeof(request),
                                      .count = 2,
                                      .home = bytes(copy->session),
                                      .key = bytes(copy->key),
                                      .content_hash = bytes(copy->hash),
                                      .run = bytes(copy->run),
                                      .entries = records.data(),
                                      .user = bytes(copy->user),
                                      .job = bytes(copy->job),
                                      .answer = bytes(copy->answer)};
                plugin.command(
                    [&](std::uint64_t token) {
                        return plugin.store_->send(plugin.host().raw(), &request, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_finish(void* self, sh_bytes stream, sh_bytes end, std::uint64_t if_fence,
                             sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            const std::uint32_t state = end_state_of(view(end));
            if (state == SH_STREAM_UNKNOWN) throw Failure(SH_INVALID, "an end needs an outcome");
            plugin.on_store(ticket, [&plugin, id = std::string(view(stream)), data = std::string(view(end)),
                                     state, if_fence, ticket] {
                plugin.command(
                    [&](std::uint64_t token) {
                        return plugin.store_->finish(plugin.host().raw(), streamhost::bytes(id), state,
                                                     streamhost::bytes(data), if_fence, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_read(void* self, sh_bytes stream, const sh_range* range, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            const std::uint32_t entries = range->max_entries == 0 ? kReadEntries : range->max_entries;
            const auto size = static_cast<std::uint32_t>(
                range->max_bytes == 0 ? kReadBytes : std::min<std::uint64_t>(range->max_bytes, kReadBytes));
            plugin.on_store(
                ticket, [&plugin, id = std::string(view(stream)), from = range->from, entries, size, ticket] {
                    plugin.read(id, from, entries, size, plugin.pass_on(ticket));
                });
        });
    }
    static void table_snapshot(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            plugin.on_store(ticket, [&plugin, id = std::string(view(stream)), ticket] {
                plugin.snapshot(id, 1, std::make_shared<Fold>(), ticket);
            });
        });
    }
    static void table_tail(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            plugin.on_store(ticket,
                            [&plugin, id = std::string(view(stream)), ticket] { plugin.tail(id, ticket); });
        });
    }
    static void table_runs(void* self, sh_bytes session, sh_ticket ticket) noexcept {
        barrier(self, ticket, [&] {
            auto& plugin = of(self);
            plugin.on_store(ticket,
                            [&plugin, id = std::string(view(session)), ticket] { plugin.runs(id, ticket); });
        });
    }
    static sh_status table_write(void* self, sh_bytes stream, std::uint64_t fence, const sh_item* items,
                                 std::uint32_t count, sh_ticket ticket) noexcept {
        return streamhost::guard(
            nullptr, [&] { return of(self).write(view(stream), fence, items, count, nullptr, ticket); });
    }
    static sh_status table_write_end(void* self, sh_bytes stream, std::uint64_t fence, sh_bytes end,
                                     sh_ticket ticket) noexcept {
        return streamhost::guard(
            nullptr, [&] { return of(self).write(view(stream), fence, nullptr, 0, &end, ticket); });
    }

    std::string random_key() {
        const auto high = streamhost::hex16(random_());
        const auto low = streamhost::hex16(random_());
        return std::string(high.data(), high.size()) + std::string(low.data(), low.size());
    }
    // Unpredictable enough for ids that must not collide; from any thread.
    class Random {
    public:
        std::uint64_t operator()() {
            const std::lock_guard lock(mutex_);
            return (static_cast<std::uint64_t>(device_()) << 32 | device_()) | 1u;
        }

    private:
        std::mutex mutex_;
        std::random_device device_;
    };

    static const sh_streamcache kTable;

    const sh_store_ext* store_ = nullptr;
    ProducerOptions options_;
    std::map<std::string, streamhost::Metric> appends_;
    Random random_;
    std::mutex mutex_;  // guards producers_ and what is in them; held for a look-up and a queue operation
    std::map<std::string, std::shared_ptr<Held>> producers_;
};

const sh_streamcache Streamcache::kTable = {sizeof(sh_streamcache),
                                            0,
                                            &table_claim,
                                            &table_renew,
                                            &table_append,
                                            &table_publish,
                                            &table_send,
                                            &table_finish,
                                            &table_read,
                                            &table_snapshot,
                                            &table_tail,
                                            &table_runs,
                                            &table_write,
                                            &table_write_end};

constexpr const char* kProvides[] = {SH_SVC_STREAMCACHE, nullptr};
constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "producer_buffer_bytes": {"type": "integer", "default": 1048576, "minimum": 65536, "maximum": 67108864, "x-unit": "bytes",
      "description": "What a local producer may have waiting for the store before it is held back"},
    "batch_entries": {"type": "integer", "default": 256, "minimum": 1, "maximum": 256, "description": "Entries of one append at the most"}
  }
})";

}  // namespace
}  // namespace streamcache

STREAMHOST_PLUGIN(streamcache::Streamcache, {.name = "streamcache",
                                             .version = "1.0.0",
                                             .summary = "Producers and the log of streams",
                                             .provides = streamcache::kProvides,
                                             .schema = streamcache::kSchema})
