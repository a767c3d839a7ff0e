#include "store/memory/memory_store.hpp"

#include "store/memory/channels.hpp"
#include "store/memory/core.hpp"
#include "store/memory/jobs.hpp"
#include "store/memory/keys.hpp"
#include "store/memory/locks.hpp"
#include "store/memory/registry.hpp"
#include "store/memory/streams.hpp"

namespace streamhost::store::memory {
namespace {

class MemoryStore final : public Store {
public:
    MemoryStore(const MemoryOptions& options, StoreLoop& loop, LiveSink& sink)
        : core_(options, loop, sink),
          channels_(core_),
          streams_(core_, channels_),
          jobs_(core_),
          registry_(core_),
          locks_(core_),
          keys_(core_),
          next_sweep_ms_(core_.now() + options.sweep_every_ms) {
        core_.set_on_time([this] { on_time(); });
        core_.wake_at(next_sweep_ms_);
        core_.deliver([](LiveSink& to) { to.on_link(Link::kUp, 1); });
    }

    // Waits hold completions: they are answered while the tables still exist.
    ~MemoryStore() override { shutdown(); }

    StreamCommands& streams() noexcept override { return streams_; }
    JobCommands& jobs() noexcept override { return jobs_; }
    RegistryCommands& registry() noexcept override { return registry_; }
    LockCommands& locks() noexcept override { return locks_; }
    KeyCommands& keys() noexcept override { return keys_; }
    ChannelCommands& channels() noexcept override { return channels_; }

    void shutdown() override {
        if (core_.closed()) return;
        core_.close();
        jobs_.end_waits(Waits::kAll);
        locks_.end_waits(Waits::kAll);
    }

    [[nodiscard]] StoreStats stats() const noexcept override {
        return {core_.in_flight(), streams_.size(), core_.account.used(), channels_.size(), core_.refused()};
    }

private:
    void on_time() {
        jobs_.end_waits(Waits::kDue);
        locks_.end_waits(Waits::kDue);
        if (core_.now() >= next_sweep_ms_) sweep();
        core_.wake_at(next_sweep_ms_);
    }

    void sweep() {
        const std::size_t items = core_.options().sweep_items;
        streams_.sweep(items);
        jobs_.sweep(items);
        registry_.sweep(items);
        locks_.sweep(items);
        keys_.sweep(items);
        next_sweep_ms_ = core_.now() + core_.options().sweep_every_ms;
    }

    Core core_;
    MemoryChannels channels_;
    MemoryStreams streams_;
    MemoryJobs jobs_;
    MemoryRegistry registry_;
    MemoryLocks locks_;
    MemoryKeys keys_;
    std::int64_t next_sweep_ms_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(const MemoryOptions& options, StoreLoop& loop, LiveSink& sink) {
    return std::make_unique<MemoryStore>(options, loop, sink);
}

}  // namespace streamhost::store::memory
