// A producer is the place where its next entry goes: an append that fails ends it, a repeated one is a gap.
// Every call is one command of the store, and a local producer's lease is an hour instead of being renewed.
#include <map>
#include <string>

#include "streamhost/random.hpp"
#include "streamhost/service/streamcache.hpp"

using streamhost::bytes;

class StreamcacheMini : public streamhost::StreamcachePlugin {
public:
    using StreamcachePlugin::StreamcachePlugin;
    void start() override { provide_streamcache(); }

private:
    struct Producer {
        std::uint64_t id = 0, fence = 0;
        std::uint32_t lease_ms = 0;
        sh_position at{};
    };

    void claim(const std::string& stream, std::uint32_t lease_ms, std::uint32_t flags,
               sh_ticket ticket) override {
        Producer made{
            streamhost::random_number(), 0, (flags & SH_CLAIM_KEEP) != 0 ? 3'600'000 : lease_ms, {}};
        const sh_store_claim request = {sizeof(request), 0, bytes(stream), {}, made.id, made.lease_ms, 0};
        const auto take = [this, stream, made, ticket](const sh_result& result) mutable {
            made.fence = result.fence;
            made.at = {result.last, result.check};
            if (result.status == SH_OK) producers_[stream] = made;
            host().complete(ticket, result);
        };
        store().run(&sh_store_ext::claim, take, &request);
    }
    void renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket) override {
        const Producer& producer = producers_[stream];
        store().run(&sh_store_ext::renew, store().pass_on(ticket), bytes(stream), fence, producer.id,
                    producer.lease_ms);
    }
    void append(streamhost::StreamAppend append, sh_ticket ticket) override {
        const auto found = producers_.find(append.stream);
        if (found == producers_.end() || found->second.fence != append.fence)
            return host().complete(ticket, SH_FENCED);
        Producer& producer = found->second;
        sh_result gap = streamhost::Host::make_result(SH_GAP);
        gap.first = producer.at.seq + 1;
        if (append.seq != 0 && append.seq != gap.first) return host().complete(ticket, gap);
        producer.at = chain(store(), append, producer.at);
        const auto settle = [this, stream = append.stream, ticket,
                             end = append.end_state](const sh_result& result) {
            if (result.status != SH_OK || end != SH_STREAM_OPEN) producers_.erase(stream);
            host().complete(ticket, result);
        };
        streamhost::run_append(store(), append, producer.id, producer.lease_ms, settle);
    }

    std::map<std::string, Producer> producers_;
};

STREAMHOST_PLUGIN(StreamcacheMini,
                  {"streamcache-mini", "1.0.0", "The store as it is", StreamcacheMini::kProvides})
