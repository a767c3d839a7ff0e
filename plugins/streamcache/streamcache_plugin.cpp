// Glue: the table of svc/streamcache.h on one side, the store on the other. Calls come from any thread and
// are carried to the store loop, where all state lives but what local producers wrote.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/plugin.hpp"

#include "items.hpp"
#include "local_producers.hpp"
#include "log_reader.hpp"
#include "remote_appends.hpp"

namespace streamcache {
namespace {

using streamhost::bytes;
using streamhost::Config;
using streamhost::Failure;
using streamhost::Host;
using streamhost::OwnedRecord;
using streamhost::view;

constexpr std::uint64_t kTickMs = 1'000;

class Streamcache : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const Config& config) override {
        options_.max_waiting_bytes = static_cast<std::size_t>(config.integer("producer_buffer_bytes"));
        options_.max_batch = static_cast<std::uint32_t>(config.integer("batch_entries"));
    }

    void reconfigure(const Config& config) override {
        configure(config);
        const sh_status status =
            host().post(SH_ON_STORE, [this, options = options_] { local_->set_options(options); });
        if (status != SH_OK) throw Failure(status, "the store loop's queue is full");
    }

    void start() override {
        store_ = host().require<sh_store_ext>(SH_EXT_STORE);
        counts_.emplace(host());
        local_.emplace(host(), store_, *counts_, options_);
        remote_.emplace(host(), store_, *counts_);
        log_.emplace(host(), store_);
        host().provide(SH_SVC_STREAMCACHE, &kTable, this);
        if (const sh_status status = host().every(SH_ON_STORE, kTickMs,
                                                  [this] {
                                                      local_->tick();
                                                      remote_->tick();
                                                  });
            status != SH_OK)
            throw Failure(status, "no timer for lease renewals");
    }

    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override { return local_->left(); }

    void stop() override { local_->fail_all(SH_GONE); }

private:
    using Done = Host::Answer;

    Done pass_on(sh_ticket ticket) {
        return [this, ticket](const sh_result& result) { host().complete(ticket, result); };
    }

    void claim(const std::string& stream, std::uint32_t lease_ms, std::uint32_t flags, sh_ticket ticket) {
        const std::uint64_t pid = random_();
        const sh_store_claim request{
            .struct_size = sizeof(request), .stream = bytes(stream), .producer = pid, .lease_ms = lease_ms};
        host().command([&](std::uint64_t token) { return store_->claim(host().raw(), &request, token); },
                       [this, stream, lease_ms, flags, pid, ticket](const sh_result& result) {
                           if (result.status == SH_OK) {
                               if ((flags & SH_CLAIM_KEEP) != 0)
                                   local_->claimed(stream, result, lease_ms, pid);
                               else
                                   remote_->claimed(stream, result, lease_ms);
                           }
                           host().complete(ticket, result);
                       });
    }

    // --- the table

    static Streamcache& of(void* self) { return *static_cast<Streamcache*>(self); }
    static void table_claim(void* self, sh_bytes stream, std::uint32_t lease_ms, std::uint32_t flags,
                            sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(stream)), lease_ms, flags,
                                            ticket] { plugin.claim(id, lease_ms, flags, ticket); });
        });
    }
    static void table_renew(void* self, sh_bytes stream, std::uint64_t fence, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(stream)), fence, ticket] {
                plugin.remote_->renew(id, fence, ticket);
            });
        });
    }
    static void table_append(void* self, const sh_append* append, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
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
            RemoteAppend remote{append->fence, append->seq, std::move(items), end_state, ticket};
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(append->stream)),
                                            remote = std::move(remote)]() mutable {
                plugin.remote_->append(id, std::move(remote));
            });
        });
    }
    static void table_publish(void* self, const sh_publish* publish, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            std::string key = publish->key.size > 0 ? std::string(view(publish->key)) : plugin.random_key();
            plugin.host().on_store(
                ticket, [&plugin, id = std::string(view(publish->stream)), key = std::move(key),
                         items = own(publish->items, publish->count), ticket] {
                    const std::vector<sh_record> records = views(items);
                    sh_store_publish request{.struct_size = sizeof(request),
                                             .count = static_cast<std::uint32_t>(records.size()),
                                             .stream = bytes(id),
                                             .key = bytes(key),
                                             .entries = records.data()};
                    plugin.host().command(
                        [&](std::uint64_t token) {
                            return plugin.store_->publish(plugin.host().raw(), &request, token);
                        },
                        plugin.pass_on(ticket));
                });
        });
    }
    static void table_send(void* self, const sh_send* send, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
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
            plugin.host().on_store(ticket, [&plugin, copy, ticket] {
                const std::vector<sh_record> records = views(copy->entries);
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
                plugin.host().command(
                    [&](std::uint64_t token) {
                        return plugin.store_->send(plugin.host().raw(), &request, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_finish(void* self, sh_bytes stream, sh_bytes end, std::uint64_t if_fence,
                             sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            const std::uint32_t state = end_state_of(view(end));
            if (state == SH_STREAM_UNKNOWN) throw Failure(SH_INVALID, "an end needs an outcome");
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(stream)),
                                            data = std::string(view(end)), state, if_fence, ticket] {
                plugin.host().command(
                    [&](std::uint64_t token) {
                        return plugin.store_->finish(plugin.host().raw(), bytes(id), state, bytes(data),
                                                     if_fence, token);
                    },
                    plugin.pass_on(ticket));
            });
        });
    }
    static void table_read(void* self, sh_bytes stream, const sh_range* range, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            const std::uint32_t entries = range->max_entries == 0 ? LogReader::kEntries : range->max_entries;
            const auto size = static_cast<std::uint32_t>(
                range->max_bytes == 0 ? LogReader::kBytes
                                      : std::min<std::uint64_t>(range->max_bytes, LogReader::kBytes));
            plugin.host().on_store(
                ticket, [&plugin, id = std::string(view(stream)), from = range->from, entries, size, ticket] {
                    plugin.log_->read(id, from, entries, size, plugin.pass_on(ticket));
                });
        });
    }
    static void table_snapshot(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(stream)), ticket] {
                plugin.log_->snapshot(id, ticket);
            });
        });
    }
    static void table_tail(void* self, sh_bytes stream, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            plugin.host().on_store(
                ticket, [&plugin, id = std::string(view(stream)), ticket] { plugin.log_->tail(id, ticket); });
        });
    }
    static void table_runs(void* self, sh_bytes session, sh_ticket ticket) noexcept {
        of(self).host().guarded(ticket, [&] {
            auto& plugin = of(self);
            plugin.host().on_store(ticket, [&plugin, id = std::string(view(session)), ticket] {
                plugin.log_->runs(id, ticket);
            });
        });
    }
    static sh_status table_write(void* self, sh_bytes stream, std::uint64_t fence, const sh_item* items,
                                 std::uint32_t count, sh_ticket ticket) noexcept {
        return streamhost::guard(nullptr, [&] {
            return of(self).local_->write(view(stream), fence, items, count, nullptr, ticket);
        });
    }
    static sh_status table_write_end(void* self, sh_bytes stream, std::uint64_t fence, sh_bytes end,
                                     sh_ticket ticket) noexcept {
        return streamhost::guard(
            nullptr, [&] { return of(self).local_->write(view(stream), fence, nullptr, 0, &end, ticket); });
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
    Random random_;
    std::optional<AppendCounts> counts_;
    std::optional<LocalProducers> local_;
    std::optional<RemoteAppends> remote_;
    std::optional<LogReader> log_;
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
      "x-reload": "live", "description": "What a local producer may have waiting for the store before it is held back"},
    "batch_entries": {"type": "integer", "default": 256, "minimum": 1, "maximum": 256, "x-reload": "live",
      "description": "Entries of one append at the most"}
  }
})";

}  // namespace
}  // namespace streamcache

STREAMHOST_PLUGIN(streamcache::Streamcache, {.name = "streamcache",
                                             .version = "1.0.0",
                                             .summary = "Producers and the log of streams",
                                             .provides = streamcache::kProvides,
                                             .schema = streamcache::kSchema})
