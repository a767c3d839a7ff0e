#include <cstring>
#include <string>
#include <vector>

#include "streamhost/json.hpp"

#include "bridge/buffers.hpp"
#include "bridge/extensions.hpp"
#include "bridge/store_hub.hpp"
#include "store/chain.hpp"

namespace streamhost::bridge {

namespace {

using store::Status;
using store::Submit;

StoreHub& hub_of(const sh_host* host) { return *house_of(host).store; }

sh_status to_status(Submit submit) {
    switch (submit) {
    case Submit::kAccepted: return SH_OK;
    case Submit::kBusy: return SH_BUSY;
    case Submit::kGone: return SH_GONE;
    }
    return SH_INTERNAL;
}

void set_status(Status status, sh_result& out) {
    const auto word = [&]() -> sh_status {
        switch (status) {
        case Status::kOk:
        case Status::kDuplicate: return SH_OK;
        case Status::kConflict: return SH_CONFLICT;
        case Status::kGap: return SH_GAP;
        case Status::kDiverged: return SH_DIVERGED;
        case Status::kFenced: return SH_FENCED;
        case Status::kHeld: return SH_HELD;
        case Status::kEnded: return SH_ENDED;
        case Status::kNoStream:
        case Status::kNotFound: return SH_NOT_FOUND;
        case Status::kFull:
        case Status::kExhausted: return SH_FULL;
        case Status::kForbidden: return SH_FORBIDDEN;
        case Status::kInvalid: return SH_INVALID;
        case Status::kTooLarge: return SH_TOO_LARGE;
        case Status::kTimeout: return SH_TIMEOUT;
        case Status::kGone: return SH_GONE;
        case Status::kUnavailable: return SH_UNAVAILABLE;
        }
        return SH_INTERNAL;
    };
    out.status = word();
    if (status == Status::kDuplicate) out.flags |= SH_RESULT_DUPLICATE;
}

std::uint32_t to_state(store::State state) { return static_cast<std::uint32_t>(state) + 1; }
store::State from_state(std::uint32_t state) { return static_cast<store::State>(state - 1); }
static_assert(static_cast<std::uint32_t>(store::State::kOpen) + 1 == SH_STREAM_OPEN);
static_assert(static_cast<std::uint32_t>(store::State::kLost) + 1 == SH_STREAM_LOST);

void set_info(const store::StreamInfo& info, sh_result& out) {
    out.first = info.base.seq + 1;
    out.last = info.head.seq;
    out.check = info.head.check;
    out.fence = info.fence;
    out.count = info.claims;
    out.wait_ms = info.left_ms;
    out.state = to_state(info.state);
    if (info.mode == store::Mode::kOwned) out.flags |= SH_RESULT_OWNED;
}

std::uint32_t timeout(std::uint32_t asked) { return asked == 0 ? store::kDefaultTimeoutMs : asked; }
store::Buffer copy(sh_bytes data) { return store::Buffer::copy_of(view(data)); }
bool on_store(const char* what) { return runtime::check_role(runtime::Role::store, what); }
store::Access access_of(std::uint32_t flags) {
    return (flags & SH_STORE_OWNER_ONLY) != 0 ? store::Access::kOwner : store::Access::kAny;
}

std::vector<store::Entry> entries_of(const sh_record* records, std::uint32_t count) {
    std::vector<store::Entry> entries;
    entries.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index)
        entries.push_back(
            {static_cast<store::Type>(static_cast<char>(records[index].type)), copy(records[index].data)});
    return entries;
}

// ----------------------------------------------------------------------------------------------------
// streams

void stream_result(const store::StreamResult& result, sh_result& out) {
    set_info(result.info, out);
    set_status(result.status, out);
    if (!result.job.empty()) out.body = make_buffer(result.job);
}

void publish_result(const store::PublishResult& result, sh_result& out) {
    set_status(result.status, out);
    out.first = result.first;
    out.last = result.last.seq;
    out.check = result.last.check;
    if (!result.answer.empty()) out.body = make_buffer(result.answer);
}

void read_result(const store::ReadResult& result, sh_result& out) {
    set_info(result.info, out);
    set_status(result.status, out);
    out.fence = result.before.check;
    if (result.records.empty()) return;
    out.batch = make_batch(result.records);
    if (result.records.back().seq < result.info.head.seq) out.flags |= SH_RESULT_MORE;
}

// sh_stream_info[count], then the texts that they point to: one buffer, so one reference.
void list_result(const store::StreamListResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.items.size();
    std::size_t texts = 0;
    for (const store::StreamItem& item : result.items)
        texts += item.id.size() + item.info.user.size() + item.job.size();
    std::string bytes_out(result.items.size() * sizeof(sh_stream_info) + texts, '\0');
    out.body = make_buffer(bytes_out);
    if (out.body == nullptr) return;
    // The buffer is ours alone until it is handed over, so filling it in place breaks no promise.
    char* base = const_cast<char*>(out.body->data);
    char* text = base + result.items.size() * sizeof(sh_stream_info);
    const auto keep = [&](std::string_view from) {
        if (!from.empty()) std::memcpy(text, from.data(), from.size());
        const sh_bytes kept{text, from.size()};
        text += from.size();
        return kept;
    };
    for (std::size_t index = 0; index < result.items.size(); ++index) {
        const store::StreamItem& item = result.items[index];
        sh_stream_info info{};
        const bool is_known = item.status == Status::kOk;
        info.stream = keep(item.id);
        info.user = keep(item.info.user);
        info.job = keep(item.job);
        info.base = {item.info.base.seq, item.info.base.check};
        info.head = {item.info.head.seq, item.info.head.check};
        info.fence = item.info.fence;
        info.claims = item.info.claims;
        info.lease_ms = item.info.left_ms;
        info.created_ms = item.info.created_ms;
        info.state = is_known ? to_state(item.info.state) : static_cast<std::uint32_t>(SH_STREAM_UNKNOWN);
        info.owned = is_known && item.info.mode == store::Mode::kOwned ? 1 : 0;
        std::memcpy(base + index * sizeof(info), &info, sizeof(info));
    }
}

sh_status claim(const sh_host* host, const sh_store_claim* request, std::uint64_t token) {
    if (!on_store("store.claim")) return SH_WRONG_ROLE;
    const bool must_exist = (request->flags & SH_STORE_IF_EXISTS) != 0;
    return to_status(hub_of(host).store().streams().claim(
        {.id = view(request->stream),
         .pid = request->producer,
         .lease_ms = request->lease_ms,
         .user = view(request->user),
         .if_missing = must_exist ? store::IfMissing::kRefuse : store::IfMissing::kCreate,
         .access = access_of(request->flags),
         .timeout_ms = timeout(request->timeout_ms)},
        hub_of(host).answer(host, token, stream_result)));
}

sh_status append(const sh_host* host, const sh_store_append* request, std::uint64_t token) {
    if (!on_store("store.append")) return SH_WRONG_ROLE;
    std::vector<store::Record> records(request->count);
    for (std::uint32_t index = 0; index < request->count; ++index) {
        const sh_record& from = request->records[index];
        records[index] = {from.seq,       from.prev,  from.check,
                          from.fence,     from.ts_ms, static_cast<store::Type>(static_cast<char>(from.type)),
                          copy(from.data)};
    }
    return to_status(hub_of(host).store().streams().append({.id = view(request->stream),
                                                            .fence = request->fence,
                                                            .pid = request->producer,
                                                            .records = records,
                                                            .end_state = from_state(request->end_state),
                                                            .lease_ms = request->lease_ms,
                                                            .timeout_ms = timeout(request->timeout_ms)},
                                                           hub_of(host).answer(host, token, stream_result)));
}

sh_status renew(const sh_host* host, sh_bytes stream, std::uint64_t fence, std::uint64_t producer,
                std::uint32_t lease_ms, std::uint64_t token) {
    if (!on_store("store.renew")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().streams().renew(
        {.id = view(stream), .fence = fence, .pid = producer, .lease_ms = lease_ms},
        hub_of(host).answer(host, token, stream_result)));
}

sh_status publish(const sh_host* host, const sh_store_publish* request, std::uint64_t token) {
    if (!on_store("store.publish")) return SH_WRONG_ROLE;
    const auto entries = entries_of(request->entries, request->count);
    return to_status(
        hub_of(host).store().streams().publish({.id = view(request->stream),
                                                .key = view(request->key),
                                                .entries = entries,
                                                .user = view(request->user),
                                                .access = access_of(request->flags),
                                                .timeout_ms = timeout(request->timeout_ms)},
                                               hub_of(host).answer(host, token, publish_result)));
}

sh_status send(const sh_host* host, const sh_store_send* request, std::uint64_t token) {
    if (!on_store("store.send")) return SH_WRONG_ROLE;
    const auto entries = entries_of(request->entries, request->count);
    return to_status(hub_of(host).store().streams().send({.home = view(request->home),
                                                          .key = view(request->key),
                                                          .content_hash = view(request->content_hash),
                                                          .run = view(request->run),
                                                          .entries = entries,
                                                          .job = view(request->job),
                                                          .answer = view(request->answer),
                                                          .user = view(request->user),
                                                          .access = access_of(request->flags),
                                                          .timeout_ms = timeout(request->timeout_ms)},
                                                         hub_of(host).answer(host, token, publish_result)));
}

sh_status finish(const sh_host* host, sh_bytes stream, std::uint32_t end_state, sh_bytes data,
                 std::uint64_t if_fence, std::uint64_t token) {
    if (!on_store("store.finish")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().streams().finish(
        {.id = view(stream), .end_state = from_state(end_state), .data = copy(data), .if_fence = if_fence},
        hub_of(host).answer(host, token, stream_result)));
}

sh_status read(const sh_host* host, sh_bytes stream, std::uint64_t from, std::uint32_t max_entries,
               std::uint32_t max_bytes, std::uint64_t token) {
    if (!on_store("store.read")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().streams().read(
        {.id = view(stream), .from = from, .max_entries = max_entries, .max_bytes = max_bytes},
        hub_of(host).answer(host, token, read_result)));
}

sh_status tail(const sh_host* host, const sh_bytes* streams, std::uint32_t count, std::uint64_t token) {
    if (!on_store("store.tail")) return SH_WRONG_ROLE;
    std::vector<std::string_view> ids;
    for (std::uint32_t index = 0; index < count; ++index)
        ids.push_back(view(streams[index]));
    return to_status(
        hub_of(host).store().streams().tail({.ids = ids}, hub_of(host).answer(host, token, list_result)));
}

sh_status runs(const sh_host* host, sh_bytes home, std::uint64_t token) {
    if (!on_store("store.runs")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().streams().runs({.home = view(home)},
                                                         hub_of(host).answer(host, token, list_result)));
}

// ----------------------------------------------------------------------------------------------------
// channels

void channel_result(const store::ChannelResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.receivers;
}

// Other plugins still listen: nothing to tell the store, but the answer is owed all the same.
sh_status answer_ok(const sh_host* host, std::uint64_t token) {
    auto done = hub_of(host).answer(host, token, channel_result);
    hub_of(host).post([done] { done(store::ChannelResult{.status = Status::kOk}); });
    return SH_OK;
}

sh_status subscribe(const sh_host* host, sh_bytes home, std::uint64_t token) {
    if (!on_store("store.subscribe")) return SH_WRONG_ROLE;
    hub_of(host).add_subscriber(host, view(home));
    return to_status(hub_of(host).store().channels().subscribe(
        {.home = view(home)}, hub_of(host).answer(host, token, channel_result)));
}

sh_status unsubscribe(const sh_host* host, sh_bytes home, std::uint64_t token) {
    if (!on_store("store.unsubscribe")) return SH_WRONG_ROLE;
    if (!hub_of(host).drop_subscriber(host, view(home))) return answer_ok(host, token);
    return to_status(hub_of(host).store().channels().unsubscribe(
        {.home = view(home)}, hub_of(host).answer(host, token, channel_result)));
}

sh_status topic_publish(const sh_host* host, sh_bytes topic, sh_bytes payload, std::uint64_t token) {
    if (!on_store("store.topic_publish")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().channels().topic_publish(
        {.topic = view(topic), .payload = copy(payload)}, hub_of(host).answer(host, token, channel_result)));
}

std::string topic_channel(sh_bytes topic, bool is_pattern) {
    return (is_pattern ? "pattern:" : "topic:") + std::string(view(topic));
}

sh_status topic_subscribe(const sh_host* host, sh_bytes topic, std::uint8_t pattern, std::uint64_t token) {
    if (!on_store("store.topic_subscribe")) return SH_WRONG_ROLE;
    hub_of(host).add_subscriber(host, topic_channel(topic, pattern != 0));
    auto& channels = hub_of(host).store().channels();
    const store::TopicRequest request{.topic = view(topic)};
    auto done = hub_of(host).answer(host, token, channel_result);
    return to_status(pattern != 0 ? channels.pattern_subscribe(request, std::move(done))
                                  : channels.topic_subscribe(request, std::move(done)));
}

sh_status topic_unsubscribe(const sh_host* host, sh_bytes topic, std::uint8_t pattern, std::uint64_t token) {
    if (!on_store("store.topic_unsubscribe")) return SH_WRONG_ROLE;
    if (!hub_of(host).drop_subscriber(host, topic_channel(topic, pattern != 0)))
        return answer_ok(host, token);
    auto& channels = hub_of(host).store().channels();
    const store::TopicRequest request{.topic = view(topic)};
    auto done = hub_of(host).answer(host, token, channel_result);
    return to_status(pattern != 0 ? channels.pattern_unsubscribe(request, std::move(done))
                                  : channels.topic_unsubscribe(request, std::move(done)));
}

// ----------------------------------------------------------------------------------------------------
// registry

void session_result(const store::SessionResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.total;
    std::string list = "{\"entries\":[";
    for (const store::SessionEntry& entry : result.entries) {
        if (list.back() != '[') list += ',';
        list += "{\"session\":" + json_string(entry.session) + ",\"node\":" + json_string(entry.node) +
                ",\"user\":" + json_string(entry.user) + ",\"data\":" + json_string(entry.data) +
                ",\"left_ms\":" + std::to_string(entry.left_ms) + "}";
    }
    out.body = make_buffer(list + "],\"last_node\":" + json_string(result.last_node) + "}");
}

void missing_result(const store::SessionResult& result, sh_result& out) {
    set_status(result.status, out);
    std::string list = "[";
    for (const std::string_view session : result.missing)
        list += (list.size() > 1 ? "," : "") + json_string(session);
    out.body = make_buffer(list + "]");
}

void node_result(const store::NodeResult& result, sh_result& out) {
    set_status(result.status, out);
    std::string list = "[";
    for (const store::NodeEntry& entry : result.nodes) {
        if (list.size() > 1) list += ',';
        list += "{\"node\":" + json_string(entry.node) + ",\"data\":" + json_string(entry.data) +
                ",\"left_ms\":" + std::to_string(entry.left_ms) + "}";
    }
    out.body = make_buffer(list + "]");
}

sh_status session_put(const sh_host* host, const sh_store_session* entry, std::uint64_t token) {
    if (!on_store("store.session_put")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().registry().session_put({.session = view(entry->session),
                                                     .node = view(entry->node),
                                                     .user = view(entry->user),
                                                     .data = view(entry->data),
                                                     .lease_ms = entry->lease_ms},
                                                    hub_of(host).answer(host, token, session_result)));
}

sh_status session_renew(const sh_host* host, sh_bytes node, const sh_bytes* sessions, std::uint32_t count,
                        std::uint32_t lease_ms, std::uint64_t token) {
    if (!on_store("store.session_renew")) return SH_WRONG_ROLE;
    std::vector<std::string_view> ids;
    for (std::uint32_t index = 0; index < count; ++index)
        ids.push_back(view(sessions[index]));
    return to_status(hub_of(host).store().registry().session_renew(
        {.node = view(node), .sessions = ids, .lease_ms = lease_ms},
        hub_of(host).answer(host, token, missing_result)));
}

sh_status session_remove(const sh_host* host, sh_bytes session, sh_bytes node, std::uint64_t token) {
    if (!on_store("store.session_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_remove(
        {.session = view(session), .node = view(node)}, hub_of(host).answer(host, token, session_result)));
}

sh_status session_list(const sh_host* host, sh_bytes session, sh_bytes user, std::uint32_t max,
                       std::uint64_t token) {
    if (!on_store("store.session_list")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_list(
        {.session = view(session), .user = view(user), .max = max},
        hub_of(host).answer(host, token, session_result)));
}

sh_status session_expire(const sh_host* host, std::uint32_t lapsed_ms, std::uint32_t max,
                         std::uint64_t token) {
    if (!on_store("store.session_expire")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_expire(
        {.lapsed_ms = lapsed_ms, .max = max}, hub_of(host).answer(host, token, session_result)));
}

sh_status node_put(const sh_host* host, sh_bytes node, sh_bytes data, std::uint32_t lease_ms,
                   std::uint64_t token) {
    if (!on_store("store.node_put")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().node_put(
        {.node = view(node), .data = view(data), .lease_ms = lease_ms},
        hub_of(host).answer(host, token, node_result)));
}

sh_status node_remove(const sh_host* host, sh_bytes node, std::uint64_t token) {
    if (!on_store("store.node_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().node_remove(
        {.node = view(node)}, hub_of(host).answer(host, token, node_result)));
}

sh_status node_list(const sh_host* host, std::uint64_t token) {
    if (!on_store("store.node_list")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().registry().node_list({}, hub_of(host).answer(host, token, node_result)));
}

// ---------------------------------------------------------------------------------------------------- runs,
// queues, locks, keys

void open_result(const store::OpenResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.size;
    std::string list = "[";
    for (const std::string_view member : result.members)
        list += (list.size() > 1 ? "," : "") + json_string(member);
    out.body = make_buffer(list + "]");
}

void queue_result(const store::QueueResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.count;
    std::string list = "[";
    for (const store::Job& job : result.jobs) {
        if (list.size() > 1) list += ',';
        list += "{\"id\":" + json_string(job.id) + ",\"payload\":" + json_string(job.payload) +
                ",\"deliveries\":" + std::to_string(job.deliveries) + "}";
    }
    out.body = make_buffer(list + "]");
}

void lock_result(const store::LockResult& result, sh_result& out) {
    set_status(result.status, out);
    out.fence = result.token;
    out.wait_ms = result.left_ms;
}

void key_result(const store::KeyResult& result, sh_result& out) {
    set_status(result.status, out);
    out.wait_ms = result.left_ms;
    out.body = make_buffer(result.value.view());
}

sh_status open_put(const sh_host* host, sh_bytes shard, sh_bytes run, std::uint32_t due_in_ms,
                   std::uint64_t token) {
    if (!on_store("store.open_put")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().jobs().open_put(
        {.shard = view(shard), .member = view(run), .due_in_ms = due_in_ms},
        hub_of(host).answer(host, token, open_result)));
}

sh_status open_take(const sh_host* host, sh_bytes shard, std::uint32_t max, std::uint32_t again_in_ms,
                    std::uint64_t token) {
    if (!on_store("store.open_take")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().jobs().open_take({.shard = view(shard), .ahead_ms = again_in_ms, .max = max},
                                              hub_of(host).answer(host, token, open_result)));
}

sh_status open_remove(const sh_host* host, sh_bytes shard, sh_bytes run, std::uint64_t token) {
    if (!on_store("store.open_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().jobs().open_remove({.shard = view(shard), .member = view(run)},
                                                             hub_of(host).answer(host, token, open_result)));
}

sh_status lock(const sh_host* host, sh_bytes name, sh_bytes owner, std::uint32_t lease_ms,
               std::uint32_t wait_ms, std::uint64_t token) {
    if (!on_store("store.lock")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().locks().lock(
        {.name = view(name), .owner = view(owner), .lease_ms = lease_ms, .wait_ms = wait_ms},
        hub_of(host).answer(host, token, lock_result)));
}

sh_status lock_renew(const sh_host* host, sh_bytes name, std::uint64_t fence, std::uint32_t lease_ms,
                     std::uint64_t token) {
    if (!on_store("store.lock_renew")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().locks().lock_renew({.name = view(name), .token = fence, .lease_ms = lease_ms},
                                                hub_of(host).answer(host, token, lock_result)));
}

sh_status lock_release(const sh_host* host, sh_bytes name, std::uint64_t fence, std::uint64_t token) {
    if (!on_store("store.lock_release")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().locks().lock_release(
        {.name = view(name), .token = fence}, hub_of(host).answer(host, token, lock_result)));
}

sh_status key_get(const sh_host* host, sh_bytes key, std::uint64_t token) {
    if (!on_store("store.key_get")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().keys().key_get({.key = view(key)},
                                                         hub_of(host).answer(host, token, key_result)));
}

sh_status key_set(const sh_host* host, sh_bytes key, sh_bytes value, std::int64_t ttl_ms,
                  std::uint32_t condition, sh_bytes expected, std::uint64_t token) {
    if (!on_store("store.key_set")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().keys().key_set({.key = view(key),
                                                          .value = view(value),
                                                          .ttl_ms = ttl_ms,
                                                          .condition = static_cast<store::KeyIf>(condition),
                                                          .expected = view(expected)},
                                                         hub_of(host).answer(host, token, key_result)));
}

sh_status key_remove(const sh_host* host, sh_bytes key, std::uint32_t condition, sh_bytes expected,
                     std::uint64_t token) {
    if (!on_store("store.key_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().keys().key_remove(
        {.key = view(key), .condition = static_cast<store::KeyIf>(condition), .expected = view(expected)},
        hub_of(host).answer(host, token, key_result)));
}

sh_status job_push(const sh_host* host, sh_bytes queue, sh_bytes payload, std::uint64_t token) {
    if (!on_store("store.job_push")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().jobs().push({.queue = view(queue), .payload = view(payload)},
                                                      hub_of(host).answer(host, token, queue_result)));
}

sh_status job_take(const sh_host* host, sh_bytes queue, sh_bytes consumer, std::uint32_t max,
                   std::uint32_t wait_ms, std::uint32_t idle_ms, std::uint64_t token) {
    if (!on_store("store.job_take")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().jobs().take({.queue = view(queue),
                                                       .consumer = view(consumer),
                                                       .max = max,
                                                       .wait_ms = wait_ms,
                                                       .idle_ms = idle_ms},
                                                      hub_of(host).answer(host, token, queue_result)));
}

sh_status job_ack(const sh_host* host, sh_bytes queue, const sh_bytes* jobs, std::uint32_t count,
                  std::uint64_t token) {
    if (!on_store("store.job_ack")) return SH_WRONG_ROLE;
    std::vector<std::string_view> ids;
    for (std::uint32_t index = 0; index < count; ++index)
        ids.push_back(view(jobs[index]));
    return to_status(hub_of(host).store().jobs().ack({.queue = view(queue), .jobs = ids},
                                                     hub_of(host).answer(host, token, queue_result)));
}

// ----------------------------------------------------------------------------------------------------

std::uint64_t chain(std::uint64_t prev, std::uint32_t type, sh_bytes data) {
    return store::next_check(prev, static_cast<store::Type>(static_cast<char>(type)), view(data));
}

const char* kind(const sh_host* host) { return hub_of(host).kind().c_str(); }

sh_status set_events(const sh_host* host, const sh_store_events* events) {
    if (!runtime::check_role(runtime::Role::control, "store.set_events")) return SH_WRONG_ROLE;
    hub_of(host).set_events(control::Instance::of(host), *events);
    return SH_OK;
}

}  // namespace

const sh_store_ext& store_table() {
    static constexpr sh_store_ext kTable = {sizeof(sh_store_ext),
                                            0,
                                            &chain,
                                            &kind,
                                            &set_events,
                                            &claim,
                                            &append,
                                            &renew,
                                            &publish,
                                            &send,
                                            &finish,
                                            &read,
                                            &tail,
                                            &runs,
                                            &subscribe,
                                            &unsubscribe,
                                            &topic_publish,
                                            &topic_subscribe,
                                            &topic_unsubscribe,
                                            &session_put,
                                            &session_renew,
                                            &session_remove,
                                            &session_list,
                                            &session_expire,
                                            &node_put,
                                            &node_remove,
                                            &node_list,
                                            &open_put,
                                            &open_take,
                                            &open_remove,
                                            &lock,
                                            &lock_renew,
                                            &lock_release,
                                            &key_get,
                                            &key_set,
                                            &key_remove,
                                            &job_push,
                                            &job_take,
                                            &job_ack};
    return kTable;
}

}  // namespace streamhost::bridge
