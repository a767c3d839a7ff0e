#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "streamhost/status.hpp"

#include "bridge/buffers.hpp"
#include "bridge/store_calls.hpp"
#include "store/limits.hpp"

namespace streamhost::bridge {

namespace {

using store::Status;

std::uint32_t to_state(store::State state) { return static_cast<std::uint32_t>(state) + 1; }
store::State from_state(std::uint32_t state) { return static_cast<store::State>(state - 1); }
static_assert(static_cast<std::uint32_t>(store::State::kOpen) + 1 == SH_STREAM_OPEN);
static_assert(static_cast<std::uint32_t>(store::State::kLost) + 1 == SH_STREAM_LOST);
static_assert(store::Limits{}.run_entries == SH_RUN_MAX_ENTRIES &&
              store::Limits{}.run_bytes == SH_RUN_MAX_BYTES);

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

void stream_result(const store::StreamResult& result, sh_result& out) {
    set_info(result.info, out);
    set_status(result.status, out);
    if (!result.job.empty()) out.body = make_buffer(result.job);
}

void append_result(const store::StreamResult& result, sh_result& out) {
    stream_result(result, out);
    if (result.status == Status::kFull)
        copy_text(out.detail, "a run holds at most " + std::to_string(SH_RUN_MAX_ENTRIES) + " entries and " +
                                  std::to_string(SH_RUN_MAX_BYTES >> 20) + " MiB");
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
    const bool has_rivals = (request->flags & SH_STORE_NO_RIVALS) == 0;
    return to_status(hub_of(host).store().streams().claim(
        {.id = view(request->stream),
         .pid = request->producer,
         .lease_ms = request->lease_ms,
         .user = view(request->user),
         .if_missing = must_exist ? store::IfMissing::kRefuse : store::IfMissing::kCreate,
         .access = access_of(request->flags),
         .rivals = has_rivals ? store::Rivals::kPossible : store::Rivals::kNone,
         .timeout_ms = timeout(request->timeout_ms)},
        hub_of(host).answer(host, token, stream_result)));
}

std::vector<store::Record> records_of(const sh_record* records, std::uint32_t count) {
    std::vector<store::Record> copies(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        const sh_record& from = records[index];
        copies[index] = {from.seq,       from.prev,  from.check,
                         from.fence,     from.ts_ms, static_cast<store::Type>(static_cast<char>(from.type)),
                         copy(from.data)};
    }
    return copies;
}

sh_status append(const sh_host* host, const sh_store_append* request, std::uint64_t token) {
    if (!on_store("store.append")) return SH_WRONG_ROLE;
    const std::vector<store::Record> records = records_of(request->records, request->count);
    return to_status(hub_of(host).store().streams().append({.id = view(request->stream),
                                                            .fence = request->fence,
                                                            .pid = request->producer,
                                                            .records = records,
                                                            .end_state = from_state(request->end_state),
                                                            .lease_ms = request->lease_ms,
                                                            .timeout_ms = timeout(request->timeout_ms)},
                                                           hub_of(host).answer(host, token, append_result)));
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

std::uint32_t policy(const sh_host* host, sh_bytes stream) {
    return static_cast<std::uint32_t>(hub_of(host).policies().of(view(stream)));
}
static_assert(static_cast<std::uint32_t>(store::Policy::kDurable) == SH_POLICY_DURABLE);
static_assert(static_cast<std::uint32_t>(store::Policy::kMemory) == SH_POLICY_MEMORY);

sh_status preview(const sh_host* host, sh_bytes stream, const sh_record* records, std::uint32_t count) {
    if (!on_store("store.preview")) return SH_WRONG_ROLE;
    if (policy(host, stream) != SH_POLICY_LIVE) return SH_FORBIDDEN;
    const bool has_end = std::any_of(records, records + count,
                                     [](const sh_record& each) { return each.type == SH_RECORD_END; });
    if (has_end) return SH_INVALID;
    hub_of(host).preview(view(stream), records_of(records, count));
    return SH_OK;
}

}  // namespace

void fill_streams(sh_store_ext& table) {
    table.claim = &claim;
    table.append = &append;
    table.renew = &renew;
    table.publish = &publish;
    table.send = &send;
    table.finish = &finish;
    table.read = &read;
    table.tail = &tail;
    table.runs = &runs;
    table.policy = &policy;
    table.preview = &preview;
}

}  // namespace streamhost::bridge
