// Glue: what svc/streamcache.h asks for on one side, the two kinds of producers on the other.
#include <optional>
#include <string>

#include "streamhost/service/streamcache.hpp"

#include "claim_book.hpp"
#include "doubtful_claims.hpp"
#include "entry_route.hpp"
#include "local_producers.hpp"
#include "remote_appends.hpp"

namespace streamcache {
namespace {

using streamhost::bytes;
using streamhost::Config;
using streamhost::Failure;

constexpr std::uint64_t kTickMs = 1'000;
// Behind a change of master a claim waits about 4 s in the store; those who ask wait for 5 s.
constexpr std::uint32_t kClaimMs = 4'500;

class Streamcache : public streamhost::StreamcachePlugin {
public:
    using StreamcachePlugin::StreamcachePlugin;

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
        const streamhost::Store store(host());
        counts_.emplace(host());
        local_.emplace(host(), store, *counts_, options_);
        remote_.emplace(host(), store, *counts_);
        provide_streamcache();
        route_.add(host(), host().expose(&kEntryTable, this));
        const auto tick = [this] {
            local_->tick();
            remote_->tick();
            doubtful_.tick(host().monotonic_ms());
        };
        if (const sh_status status = host().every(SH_ON_STORE, kTickMs, tick); status != SH_OK)
            throw Failure(status, "no timer for lease renewals");
    }

    streamhost::DrainReport drain(std::uint32_t /*deadline_ms*/) override { return local_->left(); }

    void stop() override { local_->fail_all(SH_GONE); }

private:
    void claim(const std::string& stream, std::uint32_t lease_ms, std::uint32_t flags,
               sh_ticket ticket) override {
        const std::uint64_t producer = doubtful_.take(stream).value_or(producer_number());
        const bool has_rivals = (flags & SH_CLAIM_NO_RIVALS) == 0;
        const sh_store_claim request{.struct_size = sizeof(request),
                                     .flags = has_rivals ? 0u : std::uint32_t{SH_STORE_NO_RIVALS},
                                     .stream = bytes(stream),
                                     .producer = producer,
                                     .lease_ms = lease_ms,
                                     .timeout_ms = kClaimMs};
        const auto take = [this, stream, lease_ms, flags, producer, ticket](const sh_result& result) {
            doubtful_.answered(stream, producer, result.status, host().monotonic_ms());
            if (result.status == SH_OK) {
                const bool is_local = (flags & SH_CLAIM_KEEP) != 0;
                claims_.given(stream, result.fence, {.at_ms = host().wall_ms(), .is_local = is_local});
                if ((flags & SH_CLAIM_KEEP) != 0)
                    local_->claimed(stream, result, lease_ms, producer);
                else
                    remote_->claimed(stream, result, lease_ms);
            }
            host().complete(ticket, result);
        };
        store().run(&sh_store_ext::claim, take, &request);
    }
    void renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket) override {
        remote_->renew(stream, fence, ticket);
    }
    void release(const std::string& stream, std::uint64_t fence, sh_ticket ticket) override {
        if (!local_->release(stream, fence, ticket)) StreamcachePlugin::release(stream, fence, ticket);
    }
    void append(streamhost::StreamAppend append, sh_ticket ticket) override {
        remote_->append({std::move(append), ticket});
    }
    static void entry(void* self, sh_bytes stream, std::uint64_t seq, sh_ticket ticket) {
        auto& plugin = *static_cast<Streamcache*>(self);
        plugin.host().guarded(ticket, [&] {
            plugin.host().on_store(
                ticket, [&plugin, question = EntryQuestion{std::string(streamhost::view(stream)), seq},
                         ticket] { plugin.explain(question, ticket); });
        });
    }
    void explain(const EntryQuestion& question, sh_ticket ticket) {
        const auto tell = [this, question, ticket](const sh_result& read) {
            host().guarded(ticket, [&] {
                const streamhost::Buffer body =
                    host().make_buffer(entry_json(question, read, host().node_id(), claims_));
                sh_result answer = streamhost::Host::make_result(SH_OK);
                answer.body = body.get();
                host().complete(ticket, answer);
            });
        };
        store().run(&sh_store_ext::read, tell, bytes(question.stream), question.seq, 1u, 1u);
    }
    static constexpr EntryTable kEntryTable = {&Streamcache::entry};

    sh_status write(std::string_view stream, std::uint64_t fence, const sh_item* items, std::uint32_t count,
                    const sh_bytes* end, sh_ticket ticket) override {
        return local_->write(stream, fence, items, count, end, ticket);
    }

    ProducerOptions options_;
    std::optional<AppendCounts> counts_;
    std::optional<LocalProducers> local_;
    std::optional<RemoteAppends> remote_;
    DoubtfulClaims doubtful_;
    ClaimBook claims_;
    EntryRoute route_;
};

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
                                             .provides = streamcache::Streamcache::kProvides,
                                             .schema = streamcache::kSchema})
