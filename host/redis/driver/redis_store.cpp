#include "redis/driver/redis_store.hpp"

#include <string>
#include <utility>
#include <vector>

#include "redis/command.hpp"
#include "redis/driver/channels.hpp"
#include "redis/driver/jobs.hpp"
#include "redis/driver/key_values.hpp"
#include "redis/driver/locks.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/registry.hpp"
#include "redis/driver/streams.hpp"

namespace streamhost::redis {
namespace {

std::vector<std::string> preamble() {
    std::vector<std::string> commands;
    for (const Script* script : lua::kAll)
        write_command(commands.emplace_back(), "SCRIPT", "LOAD", script->text);
    return commands;
}

class RedisStore final : public store::Store, private PortEvents {
public:
    RedisStore(RedisStoreOptions options, Port& port, store::StoreLoop& loop, store::LiveSink& sink)
        : context_(std::move(options), port, loop, sink),
          streams_(context_),
          jobs_(context_, streams_),
          registry_(context_),
          locks_(context_),
          key_values_(context_),
          channels_(context_) {
        port.start(*this, preamble());
    }
    ~RedisStore() override {
        shutdown();
        context_.run_rest();
    }

    store::StreamCommands& streams() noexcept override { return streams_; }
    store::JobCommands& jobs() noexcept override { return jobs_; }
    store::RegistryCommands& registry() noexcept override { return registry_; }
    store::LockCommands& locks() noexcept override { return locks_; }
    store::KeyCommands& keys() noexcept override { return key_values_; }
    store::ChannelCommands& channels() noexcept override { return channels_; }

    void shutdown() override {
        if (context_.closed()) return;
        context_.close();
        streams_.end_waits();
        jobs_.end_waits();
        locks_.end_waits();
    }

    [[nodiscard]] store::StoreStats stats() const noexcept override {
        return {.in_flight = context_.in_flight(),
                .subscriptions = context_.subscriptions(),
                .refused = context_.refused()};
    }

private:
    void on_message(std::string_view pattern, std::string_view channel, std::string_view payload) override {
        if (context_.closed()) return;
        const std::string_view home = context_.keys().home_of_channel(channel);
        if (pattern.empty() && !home.empty()) return streams_.on_message(home, payload);
        if (context_.keys().is_wake_of_queue(channel)) return jobs_.on_wake(channel);
        if (context_.keys().is_wake_of_lock(channel)) return locks_.on_wake(channel);
        channels_.on_message(pattern, channel, payload);
    }

    void on_link(store::Link link, std::uint64_t epoch) override {
        if (context_.closed()) return;
        if (link == store::Link::kUp) {
            streams_.on_link_up();
            jobs_.on_link_up();
            locks_.on_link_up();
        } else {
            streams_.on_link_down();
        }
        context_.sink().on_link(link, epoch);
    }

    // The groups hold on to it: it goes last. By then no task is left in it that would ask one of them.
    Context context_;
    RedisStreams streams_;
    RedisJobs jobs_;
    RedisRegistry registry_;
    RedisLocks locks_;
    RedisKeyValues key_values_;
    RedisChannels channels_;
};

}  // namespace

std::unique_ptr<store::Store> make_redis_store(RedisStoreOptions options, Port& port, store::StoreLoop& loop,
                                               store::LiveSink& sink) {
    return std::make_unique<RedisStore>(std::move(options), port, loop, sink);
}

}  // namespace streamhost::redis
