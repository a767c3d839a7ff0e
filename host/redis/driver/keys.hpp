#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace streamhost::redis {

// The names of everything that the driver keeps. A server keeps the keys of its databases apart, but what is
// published in one is heard in all: channels of any but the first carry its number.
class KeyNames {
public:
    explicit KeyNames(std::string prefix, std::uint32_t database = 0)
        : prefix_(std::move(prefix)),
          heard_(database == 0 ? prefix_ : prefix_ + "db" + std::to_string(database) + ':') {}

    // Of a stream: its fields, its entries, its idempotency keys.
    [[nodiscard]] std::string meta(std::string_view id) const { return plain("stream:meta:", id); }
    [[nodiscard]] std::string chunks(std::string_view id) const { return plain("stream:chunks:", id); }
    [[nodiscard]] std::string published(std::string_view id) const { return plain("stream:keys:", id); }
    [[nodiscard]] std::string sent(std::string_view id) const { return plain("stream:sent:", id); }
    // Of a home: its owned streams, and the channel of all its streams.
    [[nodiscard]] std::string runs(std::string_view home) const { return plain("session:runs:", home); }
    [[nodiscard]] std::string channel(std::string_view home) const { return heard("stream:channel:", home); }
    // The home of a channel's name; empty: no such channel.
    [[nodiscard]] std::string_view home_of_channel(std::string_view channel) const {
        return behind("stream:channel:", channel);
    }
    [[nodiscard]] std::string history(std::string_view home) const { return plain("chat:history:", home); }
    [[nodiscard]] std::string history_data(std::string_view home) const {
        return plain("chat:history:data:", home);
    }

    [[nodiscard]] std::string topic(std::string_view name) const { return heard("topic:", name); }
    [[nodiscard]] std::string_view topic_of_channel(std::string_view channel) const {
        return behind("topic:", channel);
    }
    [[nodiscard]] std::string open_runs(std::string_view shard) const { return plain("runs:open:", shard); }
    [[nodiscard]] std::string queue(std::string_view name) const { return plain("jobs:", name); }
    [[nodiscard]] std::string lock(std::string_view name) const { return plain("lock:", name); }
    [[nodiscard]] std::string value(std::string_view key) const { return plain("key:", key); }
    // The channels that wake those who wait for a job or for a lock.
    [[nodiscard]] std::string wake_of_queue(std::string_view name) const { return heard("wake:jobs:", name); }
    [[nodiscard]] std::string wake_of_lock(std::string_view name) const { return heard("wake:lock:", name); }
    [[nodiscard]] bool is_wake_of_queue(std::string_view channel) const {
        return !behind("wake:jobs:", channel).empty();
    }
    [[nodiscard]] bool is_wake_of_lock(std::string_view channel) const {
        return !behind("wake:lock:", channel).empty();
    }
    // Everything else, such as "sessions:active" or "session:" with a name.
    [[nodiscard]] std::string plain(std::string_view kind, std::string_view name = {}) const {
        return std::string(prefix_).append(kind).append(name);
    }

private:
    [[nodiscard]] std::string heard(std::string_view kind, std::string_view name) const {
        return std::string(heard_).append(kind).append(name);
    }
    [[nodiscard]] std::string_view behind(std::string_view kind, std::string_view channel) const {
        if (!channel.starts_with(heard_)) return {};
        channel.remove_prefix(heard_.size());
        if (!channel.starts_with(kind)) return {};
        return channel.substr(kind.size());
    }

    std::string prefix_;
    std::string heard_;  // what channels begin with
};

}  // namespace streamhost::redis
