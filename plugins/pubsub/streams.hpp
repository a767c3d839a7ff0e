// The followed streams of this node: one Follower each, fed by the store's live channel and by reads, writing
// to the node's delivery logs. All of it on the store loop.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/store.hpp"
#include "streamhost/text_map.hpp"

#include "follower.hpp"

namespace pubsub {

struct StreamsOptions {
    std::int64_t silence_ms = 1'000;   // an open run that is silent for so long is checked
    std::uint32_t retry_ms = 200;      // after a read that failed, or found less than readers hold
    std::int64_t patience_ms = 5'000;  // with a store that has less than readers hold
    std::int64_t stalled_ms = 15'000;  // an open run without entries and without a producer
    std::uint32_t max_followed = 200'000;
};

class Streams {
public:
    Streams(streamhost::Host& host, StreamsOptions options);
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    void follow(std::string_view stream, const sh_lease* events, sh_ticket ticket);
    void unfollow(std::string_view stream, const sh_lease* events);

    // From the store.
    void records(std::string_view stream, std::span<const sh_record> records);
    void link(bool up, std::uint64_t epoch);

    // Asks where silent open streams stand. Called each second.
    void check_tails();
    // Answers everybody who waits and closes all logs; nothing is followed any more.
    void close();
    // {"total","streams":[...]}: at most `limit`, of one home or (empty) of all.
    [[nodiscard]] std::string list(std::string_view home, std::size_t limit) const;
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }

private:
    struct Watcher {
        const sh_lease* events;
        std::uint32_t count;
    };
    struct Stream {
        std::string_view id;  // the key of the table
        Follower follower;
        std::vector<Watcher> watchers;
        std::vector<sh_ticket> waiting;  // for the first time at the head
        std::int64_t heard_ms = 0;
        std::int64_t alive_ms = 0;                    // something came, or its producer's lease lived
        std::optional<std::int64_t> behind_since_ms;  // the store has less than readers hold
        std::uint64_t first = 0;                      // oldest kept, as of the last answer
        std::uint32_t state = SH_STREAM_UNKNOWN;
        bool owned = false;
        bool has_timer = false;            // of retry_later()
        bool is_repeat = false;            // the next read asks again what was not answered
        std::uint64_t life = 0;            // tells answers for an earlier life of this id apart
        std::uint64_t compared_epoch = 0;  // of the link: the store was asked since it came up
    };
    using Map = streamhost::TextMap<Stream>;
    // Watchers follow and unfollow from inside their callbacks: says whether the stream that they are called
    // about is still there, without a look-up.
    class Held {
    public:
        Held(Streams& streams, Stream& stream)
            : streams_(streams), stream_(&stream), outer_(std::exchange(streams.held_, this)) {}
        ~Held() { streams_.held_ = outer_; }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        // Null once it was dropped.
        [[nodiscard]] Stream* get() const noexcept { return stream_; }
        void drop(const Stream& dropped) noexcept {
            for (Held* held = this; held != nullptr; held = held->outer_)
                if (held->stream_ == &dropped) held->stream_ = nullptr;
        }

    private:
        Streams& streams_;
        Stream* stream_;
        Held* outer_;
    };

    // Nothing can have passed by unseen.
    [[nodiscard]] bool is_live(const Stream& stream) const {
        return is_up_ && stream.compared_epoch == epoch_;
    }
    static bool is_open_run(const Stream& stream) { return stream.owned && stream.state == SH_STREAM_OPEN; }
    [[nodiscard]] std::string show(const Stream& stream) const;
    void open(Stream& stream);
    void opened(const std::string& id, std::uint64_t life, std::uint64_t epoch, const sh_result& tail);
    void apply(Stream& stream, Step step);
    bool deliver(Stream& stream, std::span<const sh_record> records);
    void diverge(Stream& stream);
    template <typename Call>
    void notify(const Stream& stream, Call call);
    void read(Stream& stream, std::uint64_t from);
    void page(const std::string& id, std::uint64_t life, std::uint64_t epoch, const sh_result& result);
    void retry_later(Stream& stream);
    void suspect_home(const Stream& stream);
    void answer_waiting(Stream& stream, sh_status status);
    void fail_open(const std::string& id, std::uint64_t life, sh_status status);
    void forget_dead_watchers();
    void show_counts() const;
    void check_some(const std::vector<std::string>& ids);
    void compare_tail(Stream& stream, std::uint64_t epoch, const sh_stream_info& info);
    void drop(Map::iterator found);
    Stream* find(const std::string& id, std::uint64_t life);

    streamhost::Host& host_;
    streamhost::Store store_;
    const sh_delivery_ext* delivery_;
    StreamsOptions options_;
    Map streams_;
    Held* held_ = nullptr;                                     // the innermost
    std::map<std::string, std::uint32_t, std::less<>> homes_;  // streams followed per channel
    std::set<const sh_lease*> leases_;  // of all watchers: one for each plugin that follows
    std::uint64_t last_life_ = 0;
    std::uint64_t epoch_ = 0;
    bool is_up_ = false;
    streamhost::Metric gaps_;
    streamhost::Metric divergences_;
    streamhost::Metric tail_hits_;
    streamhost::Metric open_;
    streamhost::Metric others_;
    streamhost::Metric stalled_;
};

}  // namespace pubsub
