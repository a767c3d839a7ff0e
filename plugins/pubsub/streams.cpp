#include "streams.hpp"

#include <memory>
#include <utility>

#include "streamhost/ids.hpp"

namespace pubsub {

using streamhost::bytes;
using streamhost::home_of;
using streamhost::Host;
using streamhost::infos_of;

namespace {

constexpr std::uint32_t kPageEntries = 1'000;
constexpr std::uint32_t kPageBytes = 1u << 20;
constexpr std::size_t kTailBatch = 64;

bool is_open_state(std::uint32_t state) { return state == SH_STREAM_OPEN || state == SH_STREAM_UNKNOWN; }

}  // namespace

Streams::Streams(Host& host, StreamsOptions options)
    : host_(host),
      store_(host),
      delivery_(host.require<sh_delivery_ext>(SH_EXT_DELIVERY)),
      options_(options),
      gaps_(host.counter("stream_gap_total", "Holes in live records that were filled from the log")),
      divergences_(
          host.counter("stream_divergence_total", "Streams whose store content changed under their readers")),
      tail_hits_(host.counter("tailcheck_hits_total", "Entries that only the tail check found")),
      open_(host.gauge("streams", "Streams that this node follows for its readers", {{"state", "open"}})),
      others_(host.gauge("streams", "Streams that this node follows for its readers", {{"state", "other"}})),
      stalled_(
          host.gauge("streams_stalled", "Of these, runs that go on in name only: no entry, no producer")) {}

Streams::Stream* Streams::find(const std::string& id, std::uint64_t life) {
    const auto found = streams_.find(id);
    return found != streams_.end() && found->second.life == life ? &found->second : nullptr;
}

void Streams::follow(std::string_view id, const sh_lease* events, sh_ticket ticket) {
    if (streams_.size() >= options_.max_followed && !streams_.contains(id))
        return host_.complete(ticket, SH_BUSY, "this node follows as many streams as it may");
    const auto [entry, is_new] = streams_.try_emplace(std::string(id));
    Stream& stream = entry->second;
    stream.waiting.push_back(ticket);
    if (events != nullptr) leases_.insert(events);
    auto watcher = stream.watchers.begin();
    while (watcher != stream.watchers.end() && watcher->events != events)
        ++watcher;
    if (watcher != stream.watchers.end()) {
        ++watcher->count;
    } else {
        stream.watchers.push_back({events, 1});
    }
    if (is_new) {
        stream.id = entry->first;
        stream.life = ++last_life_;
        return open(stream);
    }
    const bool at_head =
        stream.follower.is_open() && !stream.follower.is_reading() && !stream.follower.is_broken();
    if (at_head) answer_waiting(stream, SH_OK);
}

void Streams::open(Stream& stream) {
    const std::string id(stream.id);
    const std::uint64_t life = stream.life;
    const std::string_view home = home_of(id);
    const auto ask_tail = [this, id, life, epoch = epoch_](const sh_result& subscribed) {
        if (find(id, life) == nullptr) return;
        if (subscribed.status != SH_OK) return fail_open(id, life, subscribed.status);
        const sh_bytes one = bytes(id);
        const auto take = [this, id, life, epoch](const sh_result& tail) { opened(id, life, epoch, tail); };
        store_.run(&sh_store_ext::tail, take, &one, 1u);
    };
    const auto known = homes_.find(home);
    if (known != homes_.end()) {
        ++known->second;
    } else {
        homes_.emplace(home, 1);
    }
    // Asked each time: a repeat is cheap, and its answer says that the channel is live before the log is
    // read.
    store_.run(&sh_store_ext::subscribe, ask_tail, bytes(home));
}

void Streams::fail_open(const std::string& id, std::uint64_t life, sh_status status) {
    Stream* stream = find(id, life);
    if (stream == nullptr) return;
    answer_waiting(*stream, status);
    drop(streams_.find(id));
}

void Streams::opened(const std::string& id, std::uint64_t life, std::uint64_t epoch, const sh_result& tail) {
    Stream* stream = find(id, life);
    if (stream == nullptr) return;
    const auto infos = infos_of(tail);
    if (infos.size() != 1) return fail_open(id, life, tail.status == SH_OK ? SH_INTERNAL : tail.status);
    const sh_stream_info& info = infos.front();
    stream->state = info.state;
    stream->owned = info.owned != 0;
    stream->first = info.state == SH_STREAM_UNKNOWN ? 0 : info.base.seq + 1;
    stream->compared_epoch = epoch;
    stream->alive_ms = host_.monotonic_ms();
    // The link was lost while this was asked: what came in between may be missing.
    stream->heard_ms = epoch == epoch_ ? stream->alive_ms : 0;
    if (delivery_->open_log(host_.raw(), bytes(id), info.head) != SH_OK)
        return fail_open(id, life, SH_INTERNAL);
    apply(*stream, stream->follower.opened(info.head, info.state != SH_STREAM_UNKNOWN));
}

void Streams::apply(Stream& stream, Step step) {
    const Held held(*this, stream);
    while (true) {
        if (!step.deliver.empty() && !deliver(stream, step.deliver)) step.diverged = true;
        if (held.get() == nullptr) return;
        if (step.diverged) diverge(stream);
        if (held.get() == nullptr) return;
        if (step.read_from) return read(stream, *step.read_from);
        if (step.caught_up) answer_waiting(stream, SH_OK);
        if (!stream.follower.wants_release()) return;
        step = stream.follower.release();
    }
}

// False when the log refused: our bug; the records stay in the store, and readers get a new plan from there.
bool Streams::deliver(Stream& stream, std::span<const sh_record> records) {
    const auto count = static_cast<std::uint32_t>(records.size());
    if (records.back().type == SH_RECORD_END) stream.state = SH_STREAM_COMPLETE;
    if (stream.state == SH_STREAM_UNKNOWN) stream.state = SH_STREAM_OPEN;
    if (stream.first == 0) stream.first = 1;
    const sh_status status = delivery_->deliver(host_.raw(), bytes(stream.id), records.data(), count);
    // SH_GONE: the instance that replaces this one feeds the log already.
    const bool taken = status == SH_OK || status == SH_GONE;
    notify(stream, [&](const sh_follow_events& events, void* self, sh_bytes id) {
        events.records(self, id, records.data(), count);
    });
    return taken;
}

void Streams::diverge(Stream& stream) {
    divergences_.add();
    // The log tells its readers; whoever planned them gives them the whole truth anew.
    delivery_->reset_log(host_.raw(), bytes(stream.id), stream.follower.position());
}

template <typename Call>
void Streams::notify(const Stream& stream, Call call) {
    const std::string id(stream.id);
    const auto watchers = stream.watchers;
    for (const Watcher& watcher : watchers) {
        // A watcher whose plugin stopped hears nothing more.
        (void)host_.lease<sh_follow_events>(watcher.events)
            .call([&](const sh_follow_events& events, void* self) { call(events, self, bytes(id)); });
    }
}

void Streams::answer_waiting(Stream& stream, sh_status status) {
    sh_result result = Host::make_result(status);
    const sh_position at = stream.follower.position();
    result.first = stream.first;
    result.last = at.seq;
    result.check = at.check;
    result.state = stream.state;
    if (stream.owned) result.flags |= SH_RESULT_OWNED;
    if (is_live(stream)) result.flags |= SH_RESULT_LIVE;
    for (const sh_ticket ticket : std::exchange(stream.waiting, {}))
        host_.complete(ticket, result);
}

void Streams::read(Stream& stream, std::uint64_t from) {
    if (!stream.is_repeat) gaps_.add();
    const auto take = [this, id = std::string(stream.id), life = stream.life,
                       epoch = epoch_](const sh_result& result) { page(id, life, epoch, result); };
    store_.run(&sh_store_ext::read, take, bytes(stream.id), from, kPageEntries, kPageBytes);
}

void Streams::page(const std::string& id, std::uint64_t life, std::uint64_t epoch, const sh_result& result) {
    Stream* stream = find(id, life);
    if (stream == nullptr) return;
    // The log is empty now: when it stays so for the patience, a divergence like any other.
    const bool is_gone = result.status == SH_NOT_FOUND;
    if (result.status != SH_OK && !is_gone) {
        stream->follower.page_failed();
        return retry_later(*stream);
    }
    Page page;
    page.is_known = !is_gone;
    if (!is_gone) {
        stream->first = result.first;
        stream->state = result.state;
        page.before_check = result.fence;
        page.head = {result.last, result.check};
        page.more = (result.flags & SH_RESULT_MORE) != 0;
        page.records = streamhost::records_of(result);
    }
    // Trimmed away while this node looked elsewhere: the hole is told to readers as a new plan from what is
    // kept.
    if (!page.records.empty() && page.records.front().seq > stream->follower.position().seq + 1)
        page.before_check = ~stream->follower.position().check;
    const std::int64_t now_ms = host_.monotonic_ms();
    const bool is_over = stream->behind_since_ms && now_ms - *stream->behind_since_ms >= options_.patience_ms;
    const Step step = stream->follower.page(page, is_over ? Patience::kIsOver : Patience::kWaits);
    if (step.is_behind) {
        if (!stream->behind_since_ms) {
            stream->behind_since_ms = now_ms;
            suspect_home(*stream);
        }
        return retry_later(*stream);
    }
    stream->is_repeat = false;
    stream->behind_since_ms.reset();
    stream->compared_epoch = epoch;
    if (is_gone) {
        stream->first = 0;
        stream->state = SH_STREAM_UNKNOWN;
    }
    apply(*stream, step);
}

// Where a run lost something its session may have, and nobody asks where a silent shared stream stands.
void Streams::suspect_home(const Stream& stream) {
    const auto home = streams_.find(home_of(stream.id));
    if (home != streams_.end()) home->second.heard_ms = 0;
}

void Streams::retry_later(Stream& stream) {
    stream.is_repeat = true;
    if (stream.has_timer) return;
    const auto again = [this, id = std::string(stream.id), life = stream.life] {
        Stream* found = find(id, life);
        if (found == nullptr) return;
        found->has_timer = false;
        apply(*found, found->follower.retry());
    };
    // Without a timer the tail check asks again.
    stream.has_timer = host_.after(SH_ON_STORE, options_.retry_ms, again) == SH_OK;
}

void Streams::records(std::string_view id, std::span<const sh_record> records) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    Stream& stream = found->second;
    // Old ones came twice, or the stream began anew: its tail tells which.
    const bool is_old = !records.empty() && records.back().seq <= stream.follower.position().seq;
    stream.heard_ms = is_old ? 0 : host_.monotonic_ms();
    if (!is_old) stream.alive_ms = stream.heard_ms;
    apply(stream, stream.follower.live(records));
}

void Streams::link(bool up, std::uint64_t epoch) {
    is_up_ = up;
    if (!up || epoch == epoch_) return;
    epoch_ = epoch;
    // Anything may have been missed: look at every stream in the next round of tail checks.
    for (auto& [id, stream] : streams_)
        stream.heard_ms = 0;
    check_tails();
}

void Streams::show_counts() const {
    const std::int64_t alive_since = host_.monotonic_ms() - options_.stalled_ms;
    std::size_t open = 0;
    std::size_t stalled = 0;
    for (const auto& [id, stream] : streams_) {
        if (!is_open_run(stream)) continue;
        ++open;
        if (stream.alive_ms < alive_since) ++stalled;
    }
    open_.set(static_cast<double>(open));
    others_.set(static_cast<double>(streams_.size() - open));
    stalled_.set(static_cast<double>(stalled));
}

void Streams::check_tails() {
    forget_dead_watchers();
    show_counts();
    const std::int64_t silent_since = host_.monotonic_ms() - options_.silence_ms;
    std::vector<std::string> ids;
    for (auto& [id, stream] : streams_) {
        const bool is_due = stream.heard_ms <= silent_since && stream.follower.is_open();
        // Shared streams and ended runs say no more; they are looked at after a new link (heard_ms 0).
        const bool matters = stream.heard_ms == 0 || (stream.owned && is_open_state(stream.state)) ||
                             stream.follower.is_broken();
        if (!is_due || !matters) continue;
        stream.heard_ms = host_.monotonic_ms();
        ids.push_back(id);
        if (ids.size() == kTailBatch) check_some(std::exchange(ids, {}));
    }
    if (!ids.empty()) check_some(ids);
}

void Streams::check_some(const std::vector<std::string>& ids) {
    std::vector<sh_bytes> views;
    std::vector<std::pair<std::string, std::uint64_t>> asked;
    for (const auto& id : ids) {
        views.push_back(bytes(id));
        asked.emplace_back(id, streams_.at(id).life);
    }
    const auto compare = [this, asked, epoch = epoch_](const sh_result& result) {
        const auto infos = infos_of(result);
        if (infos.size() != asked.size()) return;
        for (std::size_t index = 0; index < asked.size(); ++index)
            if (Stream* stream = find(asked[index].first, asked[index].second))
                compare_tail(*stream, epoch, infos[index]);
    };
    store_.run(&sh_store_ext::tail, compare, views.data(), static_cast<std::uint32_t>(views.size()));
}

void Streams::compare_tail(Stream& stream, std::uint64_t epoch, const sh_stream_info& info) {
    if (info.lease_ms > 0) stream.alive_ms = host_.monotonic_ms();
    const Step step = stream.follower.tail(info.head, info.state != SH_STREAM_UNKNOWN);
    const bool is_same = !step.read_from && !stream.follower.is_reading();
    if (is_same) stream.compared_epoch = epoch;
    if (step.read_from && info.head.seq > stream.follower.position().seq) tail_hits_.add();
    apply(stream, step);
}

void Streams::unfollow(std::string_view id, const sh_lease* events) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    auto& watchers = found->second.watchers;
    for (auto watcher = watchers.begin(); watcher != watchers.end(); ++watcher) {
        if (watcher->events != events) continue;
        if (--watcher->count == 0) watchers.erase(watcher);
        break;
    }
    if (!watchers.empty()) return;
    answer_waiting(found->second, SH_CANCELLED);
    drop(found);
}

void Streams::drop(Map::iterator found) {
    const std::string id = found->first;
    if (found->second.follower.is_open()) delivery_->close_log(host_.raw(), bytes(id));
    if (held_ != nullptr) held_->drop(found->second);
    streams_.erase(found);
    const auto home = homes_.find(home_of(id));
    if (home == homes_.end() || --home->second > 0) return;
    homes_.erase(home);
    store_.run(
        &sh_store_ext::unsubscribe, [](const sh_result&) {}, bytes(home_of(id)));
}

// A plugin that failed gave nothing back; what it followed would be followed for ever.
void Streams::forget_dead_watchers() {
    std::erase_if(leases_, [this](const sh_lease* lease) {
        const auto nothing = [](const sh_follow_events&, void*) {};
        if (host_.lease<sh_follow_events>(lease).call(nothing) == SH_OK) return false;
        for (auto entry = streams_.begin(); entry != streams_.end();) {
            const auto found = entry++;
            auto& watchers = found->second.watchers;
            std::erase_if(watchers, [lease](const Watcher& watcher) { return watcher.events == lease; });
            if (!watchers.empty()) continue;
            answer_waiting(found->second, SH_CANCELLED);
            drop(found);
        }
        return true;
    });
}

void Streams::close() {
    for (auto& [id, stream] : streams_) {
        answer_waiting(stream, SH_UNAVAILABLE);
        if (stream.follower.is_open()) delivery_->close_log(host_.raw(), bytes(id));
        if (held_ != nullptr) held_->drop(stream);
    }
    streams_.clear();
    homes_.clear();
}

}  // namespace pubsub
