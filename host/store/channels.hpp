#pragma once
// What happens now, as opposed to what is kept. Live records reach a node at most once and may be lost with a
// link: whoever needs all of them subscribes, waits for the answer, reads the log, and merges by number and
// check.

#include <cstdint>
#include <span>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/buffer.hpp"
#include "store/record.hpp"
#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

/// State of the link to the master that gives the truth. Another epoch = another master or another
/// connection: subscriptions were made anew, anything may have been missed, verify.
enum class Link : std::uint8_t { kUp = 1, kDown = 2 };

/// Where live things arrive. One per store, outlives it. [store]; never inside a command's call; must not
/// block.
class LiveSink {
public:
    virtual ~LiveSink() = default;

    /// New entries of a stream of a subscribed home: consecutive, in order. Views until it returns; Buffers
    /// may be kept.
    virtual void on_records(std::string_view stream_id, std::span<const Record> records) = 0;

    /// A message on a topic; `pattern` is empty for a plain subscription. A topic that matches several
    /// arrives once for each.
    virtual void on_topic(std::string_view pattern, std::string_view topic, const Buffer& payload) = 0;

    virtual void on_link(Link link, std::uint64_t epoch) = 0;
};

/// All streams of a home are one channel: their order is kept. subscribe answers kOk when the store has it:
/// every entry written from then on is delivered (while the link holds). unsubscribe answers kOk when nothing
/// more will arrive. No counting: a repeat is kOk.
struct HomeRequest {
    std::string_view home = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Topics carry anything, keep nothing. Names: 1 .. 256 bytes without control characters, '{' and '}'.
/// Patterns as in Redis: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, `\` quotes.
struct TopicRequest {
    std::string_view topic = {};  ///< or pattern
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct TopicPublishRequest {
    std::string_view topic = {};
    Buffer payload = {};  ///< Up to 1 MiB.
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct ChannelResult {
    Status status = Status::kGone;
    std::uint64_t receivers =
        0;  ///< topic_publish: subscriptions that got it, over all nodes where the store can tell
};
using ChannelDone = UniqueFunction<void(const ChannelResult&)>;

/// [store]
class ChannelCommands {
public:
    virtual ~ChannelCommands() = default;

    [[nodiscard]] virtual Submit subscribe(const HomeRequest& request, ChannelDone done) = 0;
    [[nodiscard]] virtual Submit unsubscribe(const HomeRequest& request, ChannelDone done) = 0;

    /// kOk. At most once: a repeat after a lost answer delivers again.
    [[nodiscard]] virtual Submit topic_publish(const TopicPublishRequest& request, ChannelDone done) = 0;
    [[nodiscard]] virtual Submit topic_subscribe(const TopicRequest& request, ChannelDone done) = 0;
    [[nodiscard]] virtual Submit topic_unsubscribe(const TopicRequest& request, ChannelDone done) = 0;
    [[nodiscard]] virtual Submit pattern_subscribe(const TopicRequest& request, ChannelDone done) = 0;
    [[nodiscard]] virtual Submit pattern_unsubscribe(const TopicRequest& request, ChannelDone done) = 0;
};

}  // namespace streamhost::store
