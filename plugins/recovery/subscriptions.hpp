// The subscriptions of this node's readers: what each was promised, and the steps that keep the promise. All
// of it on the store loop.
//
// A subscription follows the stream first, so that nothing is missed, then looks where it stands, decides,
// finds what the reader lacks, in this node's log or else in the store, and gives it a plan that ends in the
// live log. A reader that falls behind gets the next plan from where it is; a page at a time, so a slow one
// costs a page.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/host.hpp"
#include "streamhost/plan.hpp"
#include "streamhost/service/recovery_requests.hpp"
#include "streamhost/text_map.hpp"
#include "streamhost/trace.hpp"

#include "absence.hpp"
#include "decision.hpp"
#include "layer_counts.hpp"
#include "node_log.hpp"
#include "reader_book.hpp"
#include "seen_streams.hpp"

namespace recovery {

inline constexpr std::uint64_t kRetryMs = 1'000;

struct SubscriptionsOptions {
    std::uint32_t page_entries = 1'000;
    std::uint64_t node_entries = 256;  // frames of the node's log: for more, joined text is far less
    std::uint64_t page_bytes = 1u << 20;
    std::size_t joined_bytes = 64u << 10;  // text of one joined frame
    std::uint64_t snapshot_over = 20'000;  // entries: further behind than that a snapshot is shorter
    std::uint32_t beyond_head_ms = 5'000;  // how long a position that the store lacks may turn out right
    std::uint32_t look_again_ms = 250;
    std::uint32_t store_timeout_ms = 5'000;
};

class Subscriptions {
public:
    Subscriptions(streamhost::Host& host, SubscriptionsOptions options,
                  streamhost::Lease<sh_follow_events> events);
    Subscriptions(const Subscriptions&) = delete;
    Subscriptions& operator=(const Subscriptions&) = delete;

    void subscribe(const streamhost::SubscribeRequest& request, sh_ticket ticket);
    void unsubscribe(sh_connection reader, std::string_view stream, sh_ticket ticket);
    // From delivery.
    void changed(sh_connection reader, std::string_view stream, std::uint32_t what, sh_position sent);
    // From the store. Behind another link than the first one a stream may be missing that is written again.
    void link(bool up, std::uint64_t epoch);
    // From pubsub: runs that start in a session are followed by those who asked for it.
    void records(std::string_view stream, std::span<const sh_record> records);
    // Tries again what could not go on. Called each kRetryMs.
    void retry();
    // Ends all of them, and takes no more: whoever waits hears `unavailable`.
    void close();
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    // The readers of a stream here, those that it has and the last ones that had all of it, as JSON.
    [[nodiscard]] std::string describe(std::string_view stream) const;

private:
    struct Subscription {
        sh_connection reader = 0;
        sh_handle encoding = 0;
        std::string stream;
        std::string request;  // id of the client's request, JSON
        Wish wish;
        Stand stand;
        Decision decision;
        Absence absence;
        sh_ticket ticket = 0;
        bool is_auto = false;       // followed on behalf of the session's subscription
        bool follows_runs = false;  // a session's stream with SH_SUBSCRIBE_FOLLOW_RUNS
        bool is_alive = true;
        bool is_attached = false;
        bool is_counted = false;  // pubsub follows the stream for it
        bool is_stuck = false;    // could not go on, is tried again
        // Its stream was found without a follower: asked for at once, and if that does not help with the
        // stuck.
        bool is_orphan = false;
        bool is_caught_up = false;  // `caught_up` was planned
        bool is_view_live = false;  // this node's view had missed nothing when it was followed
        std::int64_t since_ms = 0;
        streamhost::Span span;  // of a run whose trace is known: until its reader has all of it
    };
    using Ref = std::shared_ptr<Subscription>;
    struct ByStream {
        using is_transparent = void;
        static std::string_view name(std::string_view stream) { return stream; }
        static std::string_view name(const Ref& subscription) { return subscription->stream; }
        bool operator()(const auto& one, const auto& other) const { return name(one) < name(other); }
    };
    struct NewRun {
        std::string id;
        std::string trace;  // a traceparent, or empty
    };
    struct Reader {
        std::set<Ref, ByStream> subscriptions;
        SeenStreams seen;        // runs that are not followed by themselves again
        std::list<NewRun> runs;  // to be followed when there is room; a deque without any takes 600 bytes
        std::uint32_t max_streams = 100;
        sh_handle encoding = 0;
        bool was_attached = false;
    };

    void start(const Ref& subscription);
    void follow(const Ref& subscription);
    void unfollow(const Ref& subscription);
    void followed(const Ref& subscription, const sh_result& result);
    void act(const Ref& subscription);
    void look_again(const Ref& subscription);
    [[nodiscard]] Awaited awaited(const Subscription& subscription) const;
    void replay(const Ref& subscription, std::uint64_t from);
    bool replay_from_node(const Ref& subscription, std::uint64_t from);
    [[nodiscard]] NodeLog node_log(const Subscription& subscription, std::uint64_t from) const;
    void page(const Ref& subscription, std::uint64_t from, const sh_result& result);
    void take_snapshot(const Ref& subscription);
    void snapshot(const Ref& subscription, const sh_result& result);
    void snapshot_with_end(const Ref& subscription, const streamhost::Batch& folded, sh_position at,
                           const sh_result& tail);
    void nothing(const Ref& subscription);
    void vanished(const Ref& subscription);
    void tell_vanished(const Ref& subscription);

    // `is_caught_up`: that is what the plan says, or an earlier one.
    void attach(const Ref& subscription, sh_position from, streamhost::Plan& plan, bool is_caught_up);
    void attached(const Ref& subscription);
    void go_on(const Ref& subscription);
    void stick(const Ref& subscription, sh_status status, std::string_view detail);
    void fail(const Ref& subscription, sh_status status, std::string_view detail);
    void end(const Ref& subscription);
    void forget_reader(sh_connection reader);

    void follow_runs(const Ref& session);
    void note_runs(const Subscription& session, std::span<const sh_record> records);
    static void queue_run(Reader& reader, std::string_view run, std::string_view trace);
    void begin_span(const Ref& subscription, std::string_view trace) const;
    static void end_span(const Ref& subscription, sh_position sent);
    void pump_runs(sh_connection id);
    Reader* find(sh_connection id);
    [[nodiscard]] static Ref find(const Reader& reader, std::string_view stream);
    [[nodiscard]] static const char* word_of(const Subscription& subscription);

    streamhost::Host& host_;
    const sh_delivery_ext* delivery_;
    streamhost::Lease<sh_streamcache> streamcache_;
    streamhost::Lease<sh_pubsub> pubsub_;
    streamhost::Lease<sh_follow_events> events_;
    streamhost::Tracer tracer_;
    SubscriptionsOptions options_;
    std::unordered_map<sh_connection, Reader> readers_;
    streamhost::TextMap<std::vector<sh_connection>> run_followers_;  // by session stream
    ReaderBook finished_;
    std::optional<std::uint64_t> epoch_;       // of the store's link
    std::optional<std::int64_t> new_link_ms_;  // when it came up anew
    std::vector<Ref> stuck_;                   // promised, and to be tried again
    std::size_t count_ = 0;
    bool is_closed_ = false;
    std::map<std::string, streamhost::Metric, std::less<>> results_;
    LayerCounts layers_;
    streamhost::Metric seconds_;
    streamhost::Metric entries_;
    streamhost::Metric gaps_;
    streamhost::Metric vanished_;
};

}  // namespace recovery
