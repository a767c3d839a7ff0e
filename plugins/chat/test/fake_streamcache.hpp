// A streamcache and a list of open runs in a few maps, for tests on the fake host: they keep the rules that
// chat relies on (one end, fences, keys) and let a test fail the calls it names.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/testing/fake_host.hpp"

namespace chat::testing {

using streamhost::view;

struct FakeStream {
    std::vector<std::pair<std::uint32_t, std::string>> entries;
    std::uint32_t state = SH_STREAM_OPEN;
    std::uint64_t fence = 0;
    bool owned = false;
    bool has_lease = false;
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const auto& [type, data] : entries)
            if (type == SH_RECORD_TEXT) all += data;
        return all;
    }
    [[nodiscard]] std::string end() const {
        return entries.empty() || entries.back().first != SH_RECORD_END ? "" : entries.back().second;
    }
};

class FakeStreamcache {
public:
    explicit FakeStreamcache(streamhost::testing::FakeHost& host) : host_(host) {
        fill_table();
        fill_store();
        host_.offer(SH_SVC_STREAMCACHE, &table_, this);
        // The store's functions get the host and nothing else.
        instance_ = this;
        host_.extend(SH_EXT_STORE, &store_);
    }

    std::map<std::string, FakeStream> streams;
    std::map<std::string, std::pair<std::string, std::string>> sends;  // key: hash, answer
    std::map<std::string, std::int64_t> open;                          // run: due
    std::map<std::string, std::vector<sh_status>> failures;            // call: answers of the next calls

private:
    using Self = FakeStreamcache;
    static Self& of(void* self) { return *static_cast<Self*>(self); }
    static std::uint32_t state_of(std::string_view end) {
        if (end.find("\"complete\"") != std::string_view::npos) return SH_STREAM_COMPLETE;
        if (end.find("\"cancelled\"") != std::string_view::npos) return SH_STREAM_CANCELLED;
        if (end.find("\"lost\"") != std::string_view::npos) return SH_STREAM_LOST;
        return SH_STREAM_ERROR;
    }
    static sh_result result(sh_status status) { return streamhost::Host::make_result(status); }
    void answer(sh_ticket ticket, const sh_result& with) {
        if (ticket == 0) return;
        static_cast<const sh_async_ext*>(host_.raw()->extension(host_.raw(), SH_EXT_ASYNC))
            ->complete(host_.raw(), ticket, &with);
    }
    void answer_body(sh_ticket ticket, sh_result with, std::string_view body) {
        const sh_bytes piece = streamhost::bytes(body);
        const auto buffer = streamhost::Buffer::adopt(async().make_buffer(host_.raw(), &piece, 1));
        with.body = buffer.get();
        answer(ticket, with);
    }
    const sh_async_ext& async() {
        return *static_cast<const sh_async_ext*>(host_.raw()->extension(host_.raw(), SH_EXT_ASYNC));
    }
    sh_status failure(const std::string& call) {
        auto& list = failures[call];
        if (list.empty()) return SH_OK;
        const sh_status status = list.front();
        list.erase(list.begin());
        return status;
    }
    bool failed(const char* call, sh_ticket ticket) {
        const sh_status status = failure(call);
        if (status != SH_OK) answer(ticket, result(status));
        return status != SH_OK;
    }

    sh_status put(const std::string& id, std::uint64_t fence, std::uint32_t type, std::string_view data) {
        const auto found = streams.find(id);
        if (found == streams.end() || found->second.fence != fence) return SH_FENCED;
        if (found->second.state != SH_STREAM_OPEN) return SH_ENDED;
        found->second.entries.emplace_back(type, data);
        if (type == SH_RECORD_END) found->second.state = state_of(data);
        return SH_OK;
    }
    sh_result finish(const std::string& id, std::string_view end, std::uint64_t fence) {
        const auto found = streams.find(id);
        if (found == streams.end()) return result(SH_NOT_FOUND);
        if (!found->second.owned) return result(SH_CONFLICT);
        if (found->second.state != SH_STREAM_OPEN) return result(SH_ENDED);
        if (fence != 0 && fence != found->second.fence) return result(SH_FENCED);
        found->second.entries.emplace_back(SH_RECORD_END, end);
        found->second.state = state_of(end);
        return result(SH_OK);
    }
    void batch(sh_ticket ticket, const std::string& id, std::uint64_t from, bool with_end) {
        if (!streams.contains(id)) {
            sh_result unknown = result(SH_OK);
            unknown.state = SH_STREAM_UNKNOWN;
            return answer(ticket, unknown);
        }
        const FakeStream& stream = streams[id];
        std::vector<sh_record> records;
        for (std::size_t index = 0; index < stream.entries.size(); ++index) {
            const auto& [type, data] = stream.entries[index];
            if (index + 1 < from || (type == SH_RECORD_END && !with_end)) continue;
            sh_record record{};
            record.seq = index + 1;
            record.type = type;
            record.data = streamhost::bytes(data);
            records.push_back(record);
        }
        const auto made = streamhost::Batch::adopt(
            async().make_batch(host_.raw(), records.data(), static_cast<std::uint32_t>(records.size())));
        sh_result page = result(SH_OK);
        page.batch = made.get();
        page.state = stream.state;
        answer(ticket, page);
    }
    void send(const sh_send& send, sh_ticket ticket) {
        const std::string key = std::string(view(send.session)) + "/" + std::string(view(send.key));
        const auto [entry, is_new] =
            sends.try_emplace(key, std::string(view(send.content_hash)), std::string(view(send.answer)));
        if (!is_new && entry->second.first != view(send.content_hash))
            return answer(ticket, result(SH_CONFLICT));
        sh_result done = result(SH_OK);
        if (!is_new) done.flags = SH_RESULT_DUPLICATE;
        if (is_new) {
            FakeStream& session = streams[std::string(view(send.session))];
            session.entries.emplace_back(SH_RECORD_MESSAGE, view(send.message_data));
            done.first = session.entries.size();
            session.entries.emplace_back(SH_RECORD_RUN, view(send.run_data));
            streams[std::string(view(send.run))].owned = true;
        }
        if (failed("send answer", ticket)) return;  // stored, but the asker does not hear it
        answer_body(ticket, done, entry->second.second);
    }

    void fill_table() {
        table_.struct_size = sizeof(table_);
        table_.claim = [](void* self, sh_bytes id, std::uint32_t, std::uint32_t, sh_ticket ticket) {
            if (of(self).failed("claim", ticket)) return;
            FakeStream& stream = of(self).streams[std::string(view(id))];
            sh_result done = result(stream.state == SH_STREAM_OPEN ? SH_OK : SH_ENDED);
            if (done.status == SH_OK) done.fence = ++stream.fence;
            stream.has_lease = true;
            of(self).answer(ticket, done);
        };
        table_.publish = [](void* self, const sh_publish* request, sh_ticket ticket) {
            if (of(self).failed("publish", ticket)) return;
            FakeStream& stream = of(self).streams[std::string(view(request->stream))];
            const std::string key = std::string(view(request->key));
            if (of(self).published_.insert({key, 0}).second)
                stream.entries.emplace_back(request->items[0].type, view(request->items[0].data));
            of(self).answer(ticket, result(SH_OK));
        };
        table_.send = [](void* self, const sh_send* request, sh_ticket ticket) {
            if (!of(self).failed("send", ticket)) of(self).send(*request, ticket);
        };
        table_.finish = [](void* self, sh_bytes id, sh_bytes end, std::uint64_t fence, sh_ticket ticket) {
            if (of(self).failed("finish", ticket)) return;
            of(self).answer(ticket, of(self).finish(std::string(view(id)), view(end), fence));
        };
        table_.read = [](void* self, sh_bytes id, const sh_range* range, sh_ticket ticket) {
            if (!of(self).failed("read", ticket))
                of(self).batch(ticket, std::string(view(id)), range->from, true);
        };
        table_.snapshot = [](void* self, sh_bytes id, sh_ticket ticket) {
            if (!of(self).failed("snapshot", ticket)) of(self).batch(ticket, std::string(view(id)), 1, false);
        };
        table_.write = [](void* self, sh_bytes id, std::uint64_t fence, const sh_item* items, std::uint32_t,
                          sh_ticket ticket) -> sh_status {
            if (const sh_status status = of(self).failure("write"); status != SH_OK) return status;
            const sh_status status =
                of(self).put(std::string(view(id)), fence, items[0].type, view(items[0].data));
            if (status == SH_OK) of(self).answer(ticket, result(SH_OK));
            return status;
        };
        table_.write_end = [](void* self, sh_bytes id, std::uint64_t fence, sh_bytes end,
                              sh_ticket ticket) -> sh_status {
            if (const sh_status status = of(self).failure("write_end"); status != SH_OK) return status;
            const sh_status status = of(self).put(std::string(view(id)), fence, SH_RECORD_END, view(end));
            if (status == SH_OK) of(self).answer(ticket, result(SH_OK));
            return status;
        };
    }
    void fill_store() {
        store_.struct_size = sizeof(store_);
        store_.open_put = [](const sh_host*, sh_bytes, sh_bytes run, std::uint32_t due_in_ms,
                             std::uint64_t token) -> sh_status {
            instance_->open[std::string(view(run))] = instance_->host_.now_ms() + due_in_ms;
            return instance_->done(token, result(SH_OK));
        };
        store_.open_take = [](const sh_host*, sh_bytes, std::uint32_t, std::uint32_t again_in_ms,
                              std::uint64_t token) -> sh_status {
            std::string list = "[";
            for (auto& [run, due] : instance_->open) {
                if (due > instance_->host_.now_ms()) continue;
                due = instance_->host_.now_ms() + again_in_ms;
                list += (list.size() > 1 ? ",\"" : "\"") + run + "\"";
            }
            return instance_->done(token, result(SH_OK), list + "]");
        };
        store_.open_remove = [](const sh_host*, sh_bytes, sh_bytes run, std::uint64_t token) -> sh_status {
            instance_->open.erase(std::string(view(run)));
            return instance_->done(token, result(SH_OK));
        };
        store_.tail = [](const sh_host*, const sh_bytes* ids, std::uint32_t,
                         std::uint64_t token) -> sh_status {
            sh_stream_info info{};
            info.state = SH_STREAM_UNKNOWN;
            if (const auto found = instance_->streams.find(std::string(view(ids[0])));
                found != instance_->streams.end()) {
                info.state = found->second.state;
                info.fence = found->second.fence;
                info.lease_ms = found->second.has_lease ? 1'000 : 0;
            }
            sh_result one = result(SH_OK);
            one.count = 1;
            return instance_->done(token, one, {reinterpret_cast<const char*>(&info), sizeof(info)});
        };
    }
    sh_status done(std::uint64_t token, sh_result with, std::string_view body = "") {
        const sh_bytes piece = streamhost::bytes(body);
        const auto buffer = streamhost::Buffer::adopt(async().make_buffer(host_.raw(), &piece, 1));
        with.body = buffer.get();
        host_.answer(token, with);
        return SH_OK;
    }

    inline static FakeStreamcache* instance_ = nullptr;
    streamhost::testing::FakeHost& host_;
    sh_streamcache table_{};
    sh_store_ext store_{};
    std::map<std::string, int> published_;
};

}  // namespace chat::testing
