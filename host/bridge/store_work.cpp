#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "streamhost/json.hpp"

#include "bridge/buffers.hpp"
#include "bridge/store_calls.hpp"

namespace streamhost::bridge {

namespace {

void open_result(const store::OpenResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.size;
    out.body = make_buffer(json_array(result.members));
}

void queue_result(const store::QueueResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.count;
    out.body = make_buffer(json_array(result.jobs, [](const store::Job& job) {
        return "{\"id\":" + json_string(job.id) + ",\"payload\":" + json_string(job.payload) +
               ",\"deliveries\":" + std::to_string(job.deliveries) + "}";
    }));
}

void lock_result(const store::LockResult& result, sh_result& out) {
    set_status(result.status, out);
    out.fence = result.token;
    out.wait_ms = result.left_ms;
}

void key_result(const store::KeyResult& result, sh_result& out) {
    set_status(result.status, out);
    out.wait_ms = result.left_ms;
    out.count = static_cast<std::uint64_t>(result.now_ms);
    out.body = make_buffer(result.value.view());
}

void rate_result(const store::RateResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.granted;
    out.wait_ms = result.wait_ms;
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

LockMeters::Result meter_of(store::Status status) {
    if (status == store::Status::kOk) return LockMeters::Result::ok;
    return status == store::Status::kHeld ? LockMeters::Result::held : LockMeters::Result::error;
}

sh_status lock(const sh_host* host, sh_bytes name, sh_bytes owner, std::uint32_t lease_ms,
               std::uint32_t wait_ms, std::uint64_t token) {
    if (!on_store("store.lock")) return SH_WRONG_ROLE;
    StoreHub& hub = hub_of(host);
    const auto count = [&hub, asked_ms = hub.now_ms()](const store::LockResult& result, sh_result& out) {
        hub.lock_meters().answered(meter_of(result.status),
                                   static_cast<double>(hub.now_ms() - asked_ms) / 1e3);
        lock_result(result, out);
    };
    return to_status(hub.store().locks().lock(
        {.name = view(name), .owner = view(owner), .lease_ms = lease_ms, .wait_ms = wait_ms},
        hub.answer(host, token, count)));
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

sh_status rate_take(const sh_host* host, sh_bytes key, std::uint64_t interval_ns, std::uint32_t burst,
                    std::uint32_t want, std::uint64_t token) {
    if (!on_store("store.rate_take")) return SH_WRONG_ROLE;
    const std::uint64_t interval = std::min<std::uint64_t>(interval_ns, INT64_MAX);
    return to_status(hub_of(host).store().keys().rate_take(
        {.key = view(key), .interval_ns = static_cast<std::int64_t>(interval), .burst = burst, .want = want},
        hub_of(host).answer(host, token, rate_result)));
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

}  // namespace

void fill_work(sh_store_ext& table) {
    table.open_put = &open_put;
    table.open_take = &open_take;
    table.open_remove = &open_remove;
    table.lock = &lock;
    table.lock_renew = &lock_renew;
    table.lock_release = &lock_release;
    table.key_get = &key_get;
    table.key_set = &key_set;
    table.key_remove = &key_remove;
    table.rate_take = &rate_take;
    table.job_push = &job_push;
    table.job_take = &job_take;
    table.job_ack = &job_ack;
}

}  // namespace streamhost::bridge
