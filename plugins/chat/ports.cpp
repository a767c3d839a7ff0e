#include "ports.hpp"

#include <cstddef>
#include <utility>

namespace chat {

using streamhost::bytes;

namespace {

constexpr std::uint32_t kDeadlineMs = 5'000;
constexpr std::uint32_t kEndDeadlineMs = 30'000;  // behind all of the text
constexpr std::string_view kShard = "chat";

}  // namespace

template <typename Body>
void Cache::ask(Body&& body, Answer answer) {
    host_.ask(SH_ON_STORE, lease_, kDeadlineMs, std::forward<Body>(body), std::move(answer));
}

void Cache::claim(std::string_view run, std::uint32_t lease_ms, std::uint32_t flags, Answer answer) {
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.claim(self, bytes(run), lease_ms, SH_CLAIM_KEEP | flags, ticket); },
        std::move(answer));
}

void Cache::send(const sh_send& send, Answer answer) {
    ask([&](const sh_streamcache& table, void* self, sh_ticket ticket) { table.send(self, &send, ticket); },
        std::move(answer));
}

void Cache::publish(std::string_view stream, std::string_view key, std::uint32_t type, std::string_view data,
                    Answer answer) {
    const sh_item item{type, 0, bytes(data)};
    const sh_publish request{sizeof(request), 1, bytes(stream), bytes(key), &item};
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.publish(self, &request, ticket); },
        std::move(answer));
}

void Cache::finish(std::string_view run, std::string_view end, std::uint64_t if_fence, Answer answer) {
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.finish(self, bytes(run), bytes(end), if_fence, ticket); },
        std::move(answer));
}

void Cache::read(std::string_view stream, std::uint64_t from, std::uint32_t max_entries, Answer answer) {
    const sh_range range{sizeof(range), max_entries, from, 0};
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.read(self, bytes(stream), &range, ticket); },
        std::move(answer));
}

void Cache::snapshot(std::string_view run, Answer answer) {
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.snapshot(self, bytes(run), ticket); },
        std::move(answer));
}

void Cache::tail(std::string_view stream, Answer answer) {
    ask([&](const sh_streamcache& table, void* self,
            sh_ticket ticket) { table.tail(self, bytes(stream), ticket); },
        std::move(answer));
}

sh_status Cache::write(std::string_view run, std::uint64_t fence, const sh_item& item) {
    sh_status status = SH_OK;
    const sh_status called = lease_.call([&](const sh_streamcache& table, void* self) {
        status = table.write(self, bytes(run), fence, &item, 1, 0);
    });
    return called == SH_OK ? status : called;
}

sh_status Cache::write(std::string_view run, std::uint64_t fence, const sh_item& item, Answer answer) {
    sh_status status = SH_BUSY;  // also without a free ticket, or a provider at this moment
    host_.ask(
        SH_ON_STORE, lease_, kEndDeadlineMs,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            status = table.write(self, bytes(run), fence, &item, 1, ticket);
            if (status != SH_OK) host_.complete(ticket, status);
        },
        std::move(answer));
    return status;
}

void Cache::write_end(std::string_view run, std::uint64_t fence, std::string_view end, Answer answer) {
    host_.ask(
        SH_ON_STORE, lease_, kEndDeadlineMs,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            const sh_status status = table.write_end(self, bytes(run), fence, bytes(end), ticket);
            if (status != SH_OK) host_.complete(ticket, status);
        },
        std::move(answer));
}

void Cache::release(std::string_view run, std::uint64_t fence, Answer answer) {
    ask(
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            if (table.struct_size > offsetof(sh_streamcache, release))
                table.release(self, bytes(run), fence, ticket);
            else
                host_.complete(ticket, SH_UNSUPPORTED);
        },
        std::move(answer));
}

void OpenRuns::put(std::string_view run, std::uint32_t due_in_ms, Answer answer) {
    store_.run(&sh_store_ext::open_put, std::move(answer), bytes(kShard), bytes(run), due_in_ms);
}

void OpenRuns::take(std::uint32_t max, std::uint32_t again_in_ms, Answer answer) {
    store_.run(&sh_store_ext::open_take, std::move(answer), bytes(kShard), max, again_in_ms);
}

void OpenRuns::remove(std::string_view run, Answer answer) {
    store_.run(&sh_store_ext::open_remove, std::move(answer), bytes(kShard), bytes(run));
}

void OpenRuns::tail(std::string_view run, Answer answer) {
    const sh_bytes id = bytes(run);
    store_.run(&sh_store_ext::tail, std::move(answer), &id, 1u);
}

void OpenRuns::tails(const std::vector<std::string>& runs, Answer answer) {
    std::vector<sh_bytes> ids;
    ids.reserve(runs.size());
    for (const std::string& run : runs)
        ids.push_back(bytes(run));
    store_.run(&sh_store_ext::tail, std::move(answer), ids.data(), static_cast<std::uint32_t>(ids.size()));
}

void OpenRuns::runs(std::string_view session, Answer answer) {
    store_.run(&sh_store_ext::runs, std::move(answer), bytes(session));
}

void OpenRuns::send_again(const Again& again, Answer answer) {
    sh_record record{};
    record.type = SH_RECORD_RUN;
    record.data = bytes(again.record);
    sh_store_send request{};
    request.struct_size = sizeof(request);
    request.count = 1;
    request.home = bytes(again.session);
    request.key = bytes(again.key);
    request.content_hash = bytes(again.hash);
    request.run = bytes(again.run);
    request.entries = &record;
    request.user = bytes(again.user);
    request.job = bytes(again.job);
    request.answer = bytes(again.run);
    store_.run(&sh_store_ext::send, std::move(answer), &request);
}

}  // namespace chat
