// Readers that follow a session follow its runs: those that are open or named in what was just replayed, and
// those that start later.
#include <algorithm>

#include "streamhost/json.hpp"

#include "subscriptions.hpp"

namespace recovery {

using streamhost::bytes;
using streamhost::view;

namespace {

constexpr std::size_t kMaxQueuedRuns = 256;

// Ids in a JSON array of objects that the streamcache made: [{"run":"...", ...}, ...].
std::vector<std::string> runs_of(std::string_view list) {
    constexpr std::string_view kMember = "{\"run\":\"";
    std::vector<std::string> runs;
    for (std::size_t at = list.find(kMember); at != std::string_view::npos; at = list.find(kMember, at + 1)) {
        const std::string_view rest = list.substr(at + kMember.size());
        runs.emplace_back(rest.substr(0, rest.find('"')));
    }
    return runs;
}

struct NamedRun {
    std::string_view run;
    std::string_view trace;
};

// Looked for once, however many readers are told. Views of the records.
std::vector<NamedRun> named_in(std::span<const sh_record> records) {
    std::vector<NamedRun> named;
    for (const sh_record& record : records) {
        if (record.type != SH_RECORD_RUN) continue;
        const std::string_view data = view(record.data);
        named.push_back({streamhost::own_member(data, "run"), streamhost::own_member(data, "traceparent")});
    }
    return named;
}

}  // namespace

void Subscriptions::records(std::string_view stream, std::span<const sh_record> records) {
    const auto found = run_followers_.find(stream);
    if (found == run_followers_.end()) return;
    const auto named = named_in(records);
    if (named.empty()) return;
    const auto readers = found->second;  // following a run may change the list
    for (const sh_connection id : readers) {
        Reader* reader = find(id);
        if (reader == nullptr) continue;
        for (const NamedRun& one : named)
            queue_run(*reader, one.run, one.trace);
        pump_runs(id);
    }
}

// Runs named in a replay wait until the session's own frames are planned, so that a reader hears of a run
// before its text.
void Subscriptions::note_runs(const Subscription& session, std::span<const sh_record> records) {
    Reader* reader = session.follows_runs ? find(session.reader) : nullptr;
    if (reader == nullptr) return;
    for (const NamedRun& one : named_in(records))
        queue_run(*reader, one.run, one.trace);
}

void Subscriptions::queue_run(Reader& reader, std::string_view run, std::string_view trace) {
    if (run.empty() || reader.subscriptions.contains(run) || !reader.seen.add(run)) return;
    reader.runs.push_back({std::string(run), std::string(trace)});
    // Of a very long conversation the newest runs matter; older ones are history by now.
    if (reader.runs.size() > kMaxQueuedRuns) reader.runs.pop_front();
}

void Subscriptions::follow_runs(const Ref& session) {
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.runs(self, bytes(session->stream), ticket);
        },
        [this, session](const sh_result& result) {
            Reader* reader = session->is_alive ? find(session->reader) : nullptr;
            if (reader == nullptr) return;
            if (result.status == SH_OK) {
                for (const std::string& run : runs_of(streamhost::body_of(result)))
                    queue_run(*reader, run, {});
            }
            pump_runs(session->reader);
        });
}

void Subscriptions::pump_runs(sh_connection id) {
    Reader* reader = find(id);
    while (reader != nullptr && !reader->runs.empty() && reader->subscriptions.size() < reader->max_streams) {
        auto subscription = std::make_shared<Subscription>();
        subscription->reader = id;
        subscription->encoding = reader->encoding;
        subscription->stream = std::move(reader->runs.front().id);
        subscription->is_auto = true;
        begin_span(subscription, reader->runs.front().trace);
        reader->runs.pop_front();
        start(subscription);
        reader = find(id);
    }
}

// Each reader that is given a run of a sampled trace has a span for it, on whatever node.
void Subscriptions::begin_span(const Ref& subscription, std::string_view trace) const {
    const auto parent = trace.empty() ? std::nullopt : streamhost::read_trace(trace);
    if (!parent) return;
    subscription->span = tracer_.begin("deliver", SH_SPAN_CONSUMER, &*parent);
    subscription->span.set("streamhost.run", subscription->stream);
    subscription->span.set("streamhost.connection", static_cast<std::int64_t>(subscription->reader));
}

void Subscriptions::end_span(const Ref& subscription, sh_position sent) {
    subscription->span.set("streamhost.seq", static_cast<std::int64_t>(sent.seq));
    subscription->span.end();
}

}  // namespace recovery
