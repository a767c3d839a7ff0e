// Every call is one command of the store: no batches, no buffers. A producer is the place where its next
// entry goes; an append that fails ends it, and a repeated one is a gap.
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/plugin.hpp"

namespace {

using streamhost::bytes;
using streamhost::OwnedRecord;
using streamhost::view;
using Items = std::vector<OwnedRecord>;

constexpr std::uint32_t kKeepMs = 1'000;

std::string text(sh_bytes from) { return std::string(view(from)); }
std::uint32_t state_of(std::string_view end) {
    const auto outcome = streamhost::own_member(end, "outcome");
    return outcome == "complete"    ? SH_STREAM_COMPLETE
           : outcome == "cancelled" ? SH_STREAM_CANCELLED
           : outcome == "lost"      ? SH_STREAM_LOST
                                    : SH_STREAM_ERROR;
}
Items own(const sh_item* items, std::uint32_t count, sh_bytes end = {}) {
    Items all;
    for (std::uint32_t index = 0; index < count; ++index) {
        all.emplace_back().head.type = items[index].type;
        all.back().data = view(items[index].data);
    }
    if (end.size == 0) return all;
    all.emplace_back().head.type = SH_RECORD_END;
    all.back().data = view(end);
    return all;
}
std::vector<sh_record> views(const Items& items) {
    std::vector<sh_record> records;
    for (const OwnedRecord& item : items)
        records.push_back(item.record());
    return records;
}

class StreamcacheMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void start() override {
        store_ = host().require<sh_store_ext>(SH_EXT_STORE);
        if (host().every(SH_ON_STORE, kKeepMs, [this] { keep(); }) != SH_OK)
            throw streamhost::Failure(SH_BUSY, "no timer");
        host().provide(SH_SVC_STREAMCACHE, &kTable, this);
    }

private:
    struct Producer {
        std::uint64_t id = 0;
        std::uint64_t fence = 0;
        std::uint32_t lease_ms = 0;
        bool is_kept = false;
        sh_position at{};
    };

    // Carries a call to the store loop.
    template <typename Body>
    static sh_status later(void* self, sh_ticket ticket, Body body) noexcept {
        auto& me = *static_cast<StreamcacheMini*>(self);
        const sh_status status =
            me.host().post(SH_ON_STORE, [&me, run = std::move(body)]() mutable { run(me); });
        if (status != SH_OK) me.host().complete(ticket, status);
        return status;
    }
    // A store command; its answer is the ticket's once `then` has looked at it.
    template <typename Call, typename Then>
    void command(sh_ticket ticket, Call call, Then then) {
        host().command([&](std::uint64_t token) { return call(host().raw(), token); },
                       [this, ticket, look = std::move(then)](const sh_result& result) {
                           sh_result answer = result;
                           look(answer);
                           host().complete(ticket, answer);
                       });
    }
    template <typename Call>
    void command(sh_ticket ticket, Call call) {
        command(ticket, std::move(call), [](sh_result&) {});
    }

    void put(const std::string& stream, std::uint64_t fence, std::uint64_t seq, Items items,
             sh_ticket ticket) {
        const auto found = producers_.find(stream);
        if (found == producers_.end() || found->second.fence != fence)
            return host().complete(ticket, SH_FENCED);
        if (items.empty()) return host().complete(ticket, SH_INVALID);
        Producer& producer = found->second;
        if (seq != 0 && seq != producer.at.seq + 1) {
            sh_result gap = streamhost::Host::make_result(SH_GAP);
            gap.first = producer.at.seq + 1;
            return host().complete(ticket, gap);
        }
        for (OwnedRecord& item : items) {
            item.head.prev = producer.at.check;
            item.head.fence = fence;
            producer.at = {
                item.head.seq = producer.at.seq + 1,
                item.head.check = store_->chain(producer.at.check, item.head.type, bytes(item.data))};
        }
        const auto records = views(items);
        const std::uint32_t end =
            items.back().head.type == SH_RECORD_END ? state_of(items.back().data) : SH_STREAM_OPEN + 0u;
        const sh_store_append request = {sizeof(request),
                                         static_cast<std::uint32_t>(records.size()),
                                         bytes(stream),
                                         records.data(),
                                         fence,
                                         producer.id,
                                         end,
                                         producer.lease_ms,
                                         0,
                                         0};
        command(
            ticket,
            [&](const sh_host* raw, std::uint64_t token) { return store_->append(raw, &request, token); },
            [this, stream, end](const sh_result& result) {
                if (result.status != SH_OK || end != SH_STREAM_OPEN) producers_.erase(stream);
            });
    }
    void keep() {
        for (const auto& [stream, producer] : producers_)
            if (producer.is_kept)
                command(0, [&, id = stream, it = producer](const sh_host* raw, std::uint64_t token) {
                    return store_->renew(raw, bytes(id), it.fence, it.id, it.lease_ms, token);
                });
    }

    static void claim(void* self, sh_bytes stream, std::uint32_t lease_ms, std::uint32_t flags,
                      sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), lease_ms, flags, ticket](StreamcacheMini& me) {
            const Producer made = {static_cast<std::uint64_t>(me.random_()) << 32 | me.random_() | 1u,
                                   0,
                                   lease_ms,
                                   (flags & SH_CLAIM_KEEP) != 0,
                                   {}};
            const sh_store_claim request = {sizeof(request), 0, bytes(id), {}, made.id, lease_ms, 0};
            me.command(
                ticket,
                [&](const sh_host* raw, std::uint64_t token) {
                    return me.store_->claim(raw, &request, token);
                },
                [&me, id, made](const sh_result& result) {
                    if (result.status == SH_OK)
                        me.producers_[id] = {
                            made.id, result.fence, made.lease_ms, made.is_kept, {result.last, result.check}};
                });
        });
    }
    static void renew(void* self, sh_bytes stream, std::uint64_t fence, sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), fence, ticket](StreamcacheMini& me) {
            const Producer& producer = me.producers_[id];
            me.command(ticket, [&](const sh_host* raw, std::uint64_t token) {
                return me.store_->renew(raw, bytes(id), fence, producer.id, producer.lease_ms, token);
            });
        });
    }
    static void append(void* self, const sh_append* append, sh_ticket ticket) noexcept {
        later(self, ticket,
              [id = text(append->stream), fence = append->fence, seq = append->seq,
               items = own(append->items, append->count, append->end),
               ticket](StreamcacheMini& me) { me.put(id, fence, seq, items, ticket); });
    }
    static void publish(void* self, const sh_publish* publish, sh_ticket ticket) noexcept {
        later(self, ticket,
              [id = text(publish->stream), key = text(publish->key),
               items = own(publish->items, publish->count), ticket](StreamcacheMini& me) {
                  const std::string used =
                      key.empty() ? std::to_string(me.random_()) + "." + std::to_string(me.random_()) : key;
                  const auto records = views(items);
                  const sh_store_publish request = {sizeof(request),
                                                    static_cast<std::uint32_t>(records.size()),
                                                    bytes(id),
                                                    bytes(used),
                                                    records.data(),
                                                    {},
                                                    0,
                                                    0};
                  me.command(ticket, [&](const sh_host* raw, std::uint64_t token) {
                      return me.store_->publish(raw, &request, token);
                  });
              });
    }
    static void send(void* self, const sh_send* send, sh_ticket ticket) noexcept {
        const sh_item both[] = {{SH_RECORD_MESSAGE, 0, send->message_data},
                                {SH_RECORD_RUN, 0, send->run_data}};
        later(self, ticket,
              [session = text(send->session), user = text(send->user), key = text(send->key),
               hash = text(send->content_hash), run = text(send->run), job = text(send->job),
               answer = text(send->answer), items = own(both, 2), ticket](StreamcacheMini& me) {
                  const auto records = views(items);
                  const std::string used = key.empty() ? run : key;
                  const sh_store_send request = {
                      sizeof(request), 2,           bytes(session), bytes(used),   bytes(hash), bytes(run),
                      records.data(),  bytes(user), bytes(job),     bytes(answer), 0,           0};
                  me.command(ticket, [&](const sh_host* raw, std::uint64_t token) {
                      return me.store_->send(raw, &request, token);
                  });
              });
    }
    static void finish(void* self, sh_bytes stream, sh_bytes end, std::uint64_t if_fence,
                       sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), data = text(end), if_fence, ticket](StreamcacheMini& me) {
            me.command(ticket, [&](const sh_host* raw, std::uint64_t token) {
                return me.store_->finish(raw, bytes(id), state_of(data), bytes(data), if_fence, token);
            });
        });
    }

    // A stream that nobody has written is an answer, too.
    static void as_unknown(sh_result& result) {
        if (result.status != SH_NOT_FOUND) return;
        result = streamhost::Host::make_result(SH_OK);
        result.state = SH_STREAM_UNKNOWN;
    }
    static void read(void* self, sh_bytes stream, const sh_range* range, sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), from = range->from, ticket](StreamcacheMini& me) {
            me.command(
                ticket,
                [&](const sh_host* raw, std::uint64_t token) {
                    return me.store_->read(raw, bytes(id), from, 1'000, 4u << 20, token);
                },
                &as_unknown);
        });
    }
    static void snapshot(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), ticket](StreamcacheMini& me) { me.fold(id, 1, {}, ticket); });
    }
    void fold(const std::string& stream, std::uint64_t from, Items folded, sh_ticket ticket) {
        host().command(
            [&](std::uint64_t token) {
                return store_->read(host().raw(), bytes(stream), from, 1'000, 4u << 20, token);
            },
            [this, stream, all = std::move(folded), ticket](const sh_result& page) mutable {
                sh_result answer = page;
                as_unknown(answer);
                if (answer.status != SH_OK) return host().complete(ticket, answer);
                const std::uint32_t count = page.batch == nullptr ? 0 : page.batch->count;
                for (std::uint32_t index = 0; index < count; ++index)
                    add(all, page.batch->records[index]);
                if ((page.flags & SH_RESULT_MORE) != 0 && count > 0)
                    return fold(stream, page.batch->records[count - 1].seq + 1, std::move(all), ticket);
                const auto records = views(all);
                const auto batch =
                    host().make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
                answer.batch = batch.get();
                answer.last = records.empty() ? 0 : records.back().seq;
                answer.check = records.empty() ? 0 : records.back().check;
                host().complete(ticket, answer);
            });
    }
    static void add(Items& folded, const sh_record& record) {
        if (record.type == SH_RECORD_END) return;
        const auto run = streamhost::own_member(view(record.data), "run");
        const auto is_earlier = [run](const OwnedRecord& one) {
            return one.head.type == SH_RECORD_RUN && streamhost::own_member(one.data, "run") == run;
        };
        if (record.type == SH_RECORD_RUN) std::erase_if(folded, is_earlier);
        if (record.type != SH_RECORD_TEXT || folded.empty() || folded.back().head.type != SH_RECORD_TEXT)
            return static_cast<void>(folded.emplace_back(record));
        folded.back().data += view(record.data);
        folded.back().head.seq = record.seq;
        folded.back().head.check = record.check;
    }
    static void tail(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(stream), ticket](StreamcacheMini& me) {
            const sh_bytes one = bytes(id);
            me.command(
                ticket,
                [&](const sh_host* raw, std::uint64_t token) { return me.store_->tail(raw, &one, 1, token); },
                [](sh_result& result) {
                    if (result.status != SH_OK) return;
                    const auto& info = *reinterpret_cast<const sh_stream_info*>(result.body->data);
                    result = streamhost::Host::make_result(SH_OK);
                    result.first = info.state == SH_STREAM_UNKNOWN ? 0 : info.base.seq + 1;
                    result.last = info.head.seq;
                    result.check = info.head.check;
                    result.state = info.state;
                    result.flags = info.owned != 0 ? SH_RESULT_OWNED : 0;
                });
        });
    }
    static void runs(void* self, sh_bytes session, sh_ticket ticket) noexcept {
        later(self, ticket, [id = text(session), ticket](StreamcacheMini& me) {
            me.host().command(
                [&](std::uint64_t token) { return me.store_->runs(me.host().raw(), bytes(id), token); },
                [&me, ticket](const sh_result& result) {
                    std::string list;
                    const auto* infos = result.body == nullptr
                                            ? nullptr
                                            : reinterpret_cast<const sh_stream_info*>(result.body->data);
                    for (std::uint64_t index = 0; infos != nullptr && index < result.count; ++index)
                        if (infos[index].state == SH_STREAM_OPEN)
                            list += std::string(list.empty() ? "" : ",") + R"({"run":)" +
                                    streamhost::json_string(view(infos[index].stream)) +
                                    R"(,"state":"active","job":)" +
                                    streamhost::json_string(view(infos[index].job)) + "}";
                    const auto body = me.host().make_buffer("[" + list + "]");
                    sh_result answer = streamhost::Host::make_result(result.status);
                    answer.body = body.get();
                    me.host().complete(ticket, answer);
                });
        });
    }
    static sh_status write(void* self, sh_bytes stream, std::uint64_t fence, const sh_item* items,
                           std::uint32_t count, sh_ticket ticket) noexcept {
        return later(self, 0,
                     [id = text(stream), fence, all = own(items, count), ticket](StreamcacheMini& me) {
                         me.put(id, fence, 0, all, ticket);
                     });
    }
    static sh_status write_end(void* self, sh_bytes stream, std::uint64_t fence, sh_bytes end,
                               sh_ticket ticket) noexcept {
        return later(self, 0,
                     [id = text(stream), fence, all = own(nullptr, 0, end), ticket](StreamcacheMini& me) {
                         me.put(id, fence, 0, all, ticket);
                     });
    }

    static constexpr sh_streamcache kTable = {sizeof(sh_streamcache),
                                              0,
                                              &claim,
                                              &renew,
                                              &append,
                                              &publish,
                                              &send,
                                              &finish,
                                              &read,
                                              &snapshot,
                                              &tail,
                                              &runs,
                                              &write,
                                              &write_end};
    const sh_store_ext* store_ = nullptr;
    std::random_device random_;
    std::map<std::string, Producer> producers_;
};

constexpr const char* kProvides[] = {SH_SVC_STREAMCACHE, nullptr};

}  // namespace

STREAMHOST_PLUGIN(StreamcacheMini, {.name = "streamcache-mini",
                                    .version = "1.0.0",
                                    .summary = "The store as it is",
                                    .provides = kProvides})
