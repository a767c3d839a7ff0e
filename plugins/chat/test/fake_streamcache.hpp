// A streamcache and a list of open runs in a few maps, for tests on the fake host: they keep the rules that
// chat relies on (one end, fences, keys) and let a test fail the calls it names.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace chat::testing {

using streamhost::view;

struct FakeStream {
    std::vector<std::pair<std::uint32_t, std::string>> entries;
    std::uint32_t state = SH_STREAM_OPEN;
    std::uint64_t fence = 0;
    bool owned = false;
    bool has_lease = false;
    std::uint64_t claims = 0;
    std::string user;
    std::string job;
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

    struct Job {
        std::string id;
        std::string payload;
        std::uint64_t deliveries = 1;
    };
    std::map<std::string, std::vector<Job>> queues;           // what waits, by name
    std::vector<std::string> acked;                           // ids of jobs
    std::vector<std::pair<std::string, std::string>> topics;  // published: topic, message
    const char* kind = "redis";
    std::uint32_t policy = SH_POLICY_DURABLE;
    // What another node says on a topic.
    void say(std::string_view topic, std::string_view message) {
        host_.post(SH_ON_STORE, [this, topic = std::string(topic), message = std::string(message)] {
            events_.topic(events_.self, {}, streamhost::bytes(topic), streamhost::bytes(message));
        });
    }
    // Another master answers.
    void change_master() {
        open.clear();
        host_.post(SH_ON_STORE, [this] { events_.link(events_.self, 1, ++epoch_); });
    }
    void push(const std::string& queue, std::string_view payload) {
        queues[queue].push_back({std::to_string(++last_job_), std::string(payload)});
    }

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
            FakeStream& run = streams[std::string(view(send.run))];
            run.owned = true;
            run.user = view(send.user);
            run.job = view(send.job);
        }
        if (failed("send answer", ticket)) return;  // stored, but the asker does not hear it
        answer_body(ticket, done, entry->second.second);
    }

    void fill_table() {
        table_.struct_size = sizeof(table_);
        table_.claim = [](void* self, sh_bytes id, std::uint32_t, std::uint32_t, sh_ticket ticket) {
            if (of(self).failed("claim", ticket)) return;
            FakeStream& stream = of(self).streams[std::string(view(id))];
            if (stream.state != SH_STREAM_OPEN) return of(self).answer(ticket, result(SH_ENDED));
            if (stream.has_lease) return of(self).answer(ticket, result(SH_HELD));
            sh_result done = result(SH_OK);
            done.fence = ++stream.fence;
            done.count = ++stream.claims;
            done.last = stream.entries.size();
            stream.has_lease = true;
            of(self).answer_body(ticket, done, stream.job);
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
        table_.tail = [](void* self, sh_bytes id, sh_ticket ticket) {
            sh_result head = result(SH_OK);
            head.last = of(self).streams[std::string(view(id))].entries.size();
            if (!of(self).failed("tail", ticket)) of(self).answer(ticket, head);
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
        table_.release = [](void* self, sh_bytes id, std::uint64_t fence, sh_ticket ticket) {
            FakeStream& stream = of(self).streams[std::string(view(id))];
            if (stream.fence != fence) return of(self).answer(ticket, result(SH_FENCED));
            stream.has_lease = false;
            of(self).answer(ticket, result(SH_OK));
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
        store_.tail = [](const sh_host*, const sh_bytes* ids, std::uint32_t count,
                         std::uint64_t token) -> sh_status {
            std::vector<std::string> names;
            for (std::uint32_t index = 0; index < count; ++index)
                names.emplace_back(view(ids[index]));
            return instance_->infos(token, names);
        };
        store_.runs = [](const sh_host*, sh_bytes home, std::uint64_t token) -> sh_status {
            std::vector<std::string> names;
            for (const auto& [name, stream] : instance_->streams)
                if (stream.owned && name.starts_with(std::string(view(home)) + ".")) names.push_back(name);
            return instance_->infos(token, names);
        };
        store_.send = [](const sh_host*, const sh_store_send* request, std::uint64_t token) -> sh_status {
            return instance_->send_again(*request, token);
        };
        fill_queues();
    }
    void fill_queues() {
        store_.kind = [](const sh_host*) { return instance_->kind; };
        store_.policy = [](const sh_host*, sh_bytes) { return instance_->policy; };
        store_.set_events = [](const sh_host*, const sh_store_events* events) -> sh_status {
            instance_->events_ = *events;
            return SH_OK;
        };
        store_.topic_subscribe = [](const sh_host*, sh_bytes, std::uint8_t,
                                    std::uint64_t token) -> sh_status {
            return instance_->done(token, result(SH_OK));
        };
        store_.topic_publish = [](const sh_host*, sh_bytes topic, sh_bytes payload,
                                  std::uint64_t token) -> sh_status {
            instance_->topics.emplace_back(view(topic), view(payload));
            return instance_->done(token, result(SH_OK));
        };
        store_.job_push = [](const sh_host*, sh_bytes queue, sh_bytes payload,
                             std::uint64_t token) -> sh_status {
            const sh_status status = instance_->failure("job_push");
            if (status == SH_OK) instance_->push(std::string(view(queue)), view(payload));
            return instance_->done(token, result(status));
        };
        // Waits for nothing: the next tick of the worker asks again.
        store_.job_take = [](const sh_host*, sh_bytes queue, sh_bytes, std::uint32_t max, std::uint32_t,
                             std::uint32_t, std::uint64_t token) -> sh_status {
            auto& waiting = instance_->queues[std::string(view(queue))];
            std::string list = "[";
            for (; max > 0 && !waiting.empty(); --max) {
                const Job job = waiting.front();
                waiting.erase(waiting.begin());
                list += std::string(list.size() > 1 ? "," : "") + R"({"id":")" + job.id + R"(","payload":)" +
                        streamhost::json_string(job.payload) + R"(,"deliveries":)" +
                        std::to_string(job.deliveries) + "}";
            }
            const bool is_empty = list.size() == 1;
            return instance_->done(token, result(is_empty ? SH_UNAVAILABLE : SH_OK), list + "]");
        };
        store_.job_ack = [](const sh_host*, sh_bytes, const sh_bytes* jobs, std::uint32_t,
                            std::uint64_t token) -> sh_status {
            instance_->acked.emplace_back(view(jobs[0]));
            return instance_->done(token, result(SH_OK));
        };
    }
    sh_status infos(std::uint64_t token, const std::vector<std::string>& names) {
        std::vector<sh_stream_info> list(names.size());
        for (std::size_t index = 0; index < names.size(); ++index) {
            sh_stream_info& info = list[index];
            info = {};
            info.state = SH_STREAM_UNKNOWN;
            const auto found = streams.find(names[index]);
            if (found == streams.end()) continue;
            const FakeStream& stream = found->second;
            info.stream = streamhost::bytes(found->first);
            info.user = streamhost::bytes(stream.user);
            info.job = streamhost::bytes(stream.job);
            info.head.seq = stream.entries.size();
            info.state = stream.state;
            info.fence = stream.fence;
            info.claims = stream.claims;
            info.lease_ms = stream.has_lease ? 5'000 : 0;
        }
        sh_result all = result(SH_OK);
        all.count = names.size();
        return done(token, all,
                    {reinterpret_cast<const char*>(list.data()), list.size() * sizeof(sh_stream_info)});
    }
    sh_status send_again(const sh_store_send& request, std::uint64_t token) {
        if (const sh_status status = failure("store send"); status != SH_OK)
            return done(token, result(status));
        const std::string key = std::string(view(request.home)) + "/" + std::string(view(request.key));
        const auto [entry, is_new] = sends.try_emplace(key, std::string(view(request.content_hash)),
                                                       std::string(view(request.answer)));
        if (is_new) {
            streams[std::string(view(request.home))].entries.emplace_back(request.entries[0].type,
                                                                          view(request.entries[0].data));
            FakeStream& run = streams[std::string(view(request.run))];
            run.owned = true;
            run.user = view(request.user);
            run.job = view(request.job);
        }
        return done(token, result(SH_OK), entry->second.second);
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
    sh_store_events events_{};
    std::uint64_t epoch_ = 1;
    int last_job_ = 0;
};

}  // namespace chat::testing
