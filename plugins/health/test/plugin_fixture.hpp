// The plugin on the fake host, with a store, topics and services that do what a test says.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/ids.hpp"
#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_http.hpp"

#include "health_plugin.hpp"
#include "report.hpp"

namespace health::testing {

using streamhost::bytes;
using streamhost::Host;
using streamhost::view;
using streamhost::testing::FakeHost;

inline constexpr std::int64_t kInterval = 1'500;

class HealthPluginTest : public ::testing::Test {
protected:
    HealthPluginTest() {
        current = this;
        store_.struct_size = sizeof(store_);
        store_.key_set = [](const sh_host* raw, sh_bytes name, sh_bytes, std::int64_t ttl_ms, std::uint32_t,
                            sh_bytes, std::uint64_t token) -> sh_status {
            current->key = view(name);
            EXPECT_GT(ttl_ms, 0) << "no key may stay for ever";
            if (current->store_refuses) return SH_BUSY;
            if (current->store_fails_late) {
                if (current->late != 0)
                    FakeHost::of(raw).answer(current->late, Host::make_result(SH_UNAVAILABLE));
                current->late = token;
                return SH_OK;
            }
            if (current->store_answers) FakeHost::of(raw).answer(token, Host::make_result(SH_OK));
            return SH_OK;
        };
        store_.chain = [](std::uint64_t prev, std::uint32_t type, sh_bytes data) -> std::uint64_t {
            return prev * 31 + type + std::hash<std::string_view>()(view(data));
        };
        store_.set_events = [](const sh_host*, const sh_store_events* told) -> sh_status {
            current->records_to = *told;
            return SH_OK;
        };
        store_.subscribe = [](const sh_host* raw, sh_bytes name, std::uint64_t token) -> sh_status {
            ++current->subscribes;
            current->home = view(name);
            FakeHost::of(raw).answer(token, Host::make_result(current->listens));
            return SH_OK;
        };
        store_.claim = [](const sh_host* raw, const sh_store_claim* request,
                          std::uint64_t token) -> sh_status {
            current->claimed.emplace_back(view(request->stream));
            sh_result result = Host::make_result(SH_OK);
            result.fence = current->claimed.size();
            FakeHost::of(raw).answer(token, result);
            return SH_OK;
        };
        store_.append = [](const sh_host* raw, const sh_store_append* request,
                           std::uint64_t token) -> sh_status {
            return current->append(raw, *request, token);
        };
        node_ = *static_cast<const sh_node_ext*>(host.raw()->extension(host.raw(), SH_EXT_NODE));
        node_.report = [](const sh_host* raw) {
            ++current->reports;
            return text(raw, testing::report(current->options));
        };
        node_.metrics_text = [](const sh_host* raw) {
            return text(raw, "# TYPE streamhost_runs_active gauge\nstreamhost_runs_active 6\n");
        };
        pubsub_.struct_size = sizeof(pubsub_);
        pubsub_.subscribe = [](void*, sh_bytes, std::uint8_t, const sh_lease* events, sh_ticket ticket) {
            current->subscriber = events;
            current->complete(ticket, Host::make_result(SH_OK));
        };
        pubsub_.publish = [](void*, sh_bytes topic, sh_bytes payload, sh_ticket ticket) {
            current->complete(ticket, Host::make_result(SH_OK));
            if (current->topics_deliver)
                current->deliver(std::string(view(topic)), std::string(view(payload)));
        };
        session_.struct_size = sizeof(session_);
        session_.count = [](void*, sh_ticket ticket) {
            sh_result result = Host::make_result(SH_OK);
            result.count = 40;
            result.last = 12;
            current->complete(ticket, result);
        };
        chat_.struct_size = sizeof(chat_);
        chat_.active = [](void*) -> std::uint64_t { return 6; };
        host.extend(SH_EXT_STORE, &store_);
        host.extend(SH_EXT_NODE, &node_);
        host.offer(SH_SVC_PUBSUB, &pubsub_, nullptr);
        host.offer(SH_SVC_SESSION, &session_, nullptr);
        host.offer(SH_SVC_CHAT, &chat_, nullptr);
        host.create<HealthPlugin>();
    }
    ~HealthPluginTest() override { host.destroy(); }

    void start() {
        ASSERT_EQ(host.configure(), SH_OK) << host.error.text;
        ASSERT_EQ(host.start(), SH_OK) << host.error.text;
        host.advance(kInterval);
    }
    using Got = streamhost::testing::FakeHttp::Response;
    Got get(const std::string& path, std::uint32_t listener = SH_LISTENER_ADMIN) {
        streamhost::testing::FakeHttp::Request request;
        request.path = path;
        request.listener = listener;
        return http.ask(request);
    }

    static const sh_buffer* text(const sh_host* raw, const std::string& content) {
        const sh_bytes piece = bytes(content);
        return static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))
            ->make_buffer(raw, &piece, 1);
    }
    void complete(sh_ticket ticket, const sh_result& result) const {
        const sh_host* raw = host.raw();
        static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))->complete(raw, ticket, &result);
    }
    void deliver(const std::string& topic, const std::string& payload) {
        host.post(SH_ON_STORE, [this, topic, payload] {
            const sh_host* raw = host.raw();
            const streamhost::Lease<sh_topic_events> lease(
                static_cast<const sh_service_ext*>(raw->extension(raw, SH_EXT_SERVICE)), subscriber);
            EXPECT_EQ(lease.call([&](const sh_topic_events& events, void* self) {
                events.message(self, bytes(topic), bytes(payload));
            }),
                      SH_OK);
        });
    }

    // A store that checks what it is given, and tells of it as Redis does: on a way of its own.
    sh_status append(const sh_host* raw, const sh_store_append& request, std::uint64_t token) {
        EXPECT_EQ(view(request.stream), claimed.back());
        EXPECT_EQ(request.fence, claimed.size());
        EXPECT_GT(request.lease_ms, 0u);
        if (heads.size() < claimed.size()) heads.emplace_back();
        sh_position& head = heads.back();
        for (std::uint32_t index = 0; index < request.count; ++index) {
            const sh_record& record = request.records[index];
            EXPECT_EQ(record.seq, head.seq + 1);
            EXPECT_EQ(record.prev, head.check);
            head = {record.seq, record.check};
            const bool is_last = index + 1 == request.count;
            EXPECT_EQ(record.type == SH_RECORD_END, is_last && request.end_state != SH_STREAM_OPEN);
        }
        if (request.end_state != SH_STREAM_OPEN) ++ended;
        if (!append_answers) return SH_OK;
        FakeHost::of(raw).answer(token, Host::make_result(appends));
        if (appends != SH_OK || !channel_delivers) return SH_OK;
        const std::string text(view(request.records[0].data));
        host.post(SH_ON_STORE, [this, stream = claimed.back(), text] { tell_record(stream, text); });
        return SH_OK;
    }
    void tell_record(const std::string& stream, const std::string& text) {
        sh_record record{};
        record.type = SH_RECORD_TEXT;
        record.data = bytes(text);
        records_to.records(records_to.self, bytes(stream), &record, 1);
    }
    std::size_t lines_with(const std::string& text) {
        return static_cast<std::size_t>(std::count_if(host.lines.begin(), host.lines.end(),
                                                      [&](const streamhost::testing::LogLine& line) {
                                                          return line.text.find(text) != std::string::npos;
                                                      }));
    }

    inline static HealthPluginTest* current = nullptr;
    sh_store_events records_to{};
    std::string home;
    int subscribes = 0;
    sh_status listens = SH_OK;
    sh_status appends = SH_OK;
    bool append_answers = true;
    bool channel_delivers = true;
    std::vector<std::string> claimed;  // streams, oldest first
    std::vector<sh_position> heads;    // of each
    int ended = 0;
    testing::ReportOptions options;
    std::string key;
    int reports = 0;
    bool store_answers = true;
    bool store_fails_late = false;
    std::uint64_t late = 0;  // token of the write that is still to be answered
    bool store_refuses = false;
    bool topics_deliver = true;
    const sh_lease* subscriber = nullptr;
    sh_store_ext store_{};
    sh_node_ext node_{};
    sh_pubsub pubsub_{};
    sh_session session_{};
    sh_chat chat_{};
    FakeHost host;
    streamhost::testing::FakeHttp http{host};
};

}  // namespace health::testing
