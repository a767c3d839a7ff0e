// The plugin on the fake host, with a streamcache and a store that a test can look into.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/json.hpp"

#include "chat_plugin.hpp"
#include "fake_streamcache.hpp"

namespace chat::testing {

using streamhost::bytes;

class ChatFixture : public ::testing::Test {
protected:
    ChatFixture() {
        task_ = *static_cast<const sh_task_ext*>(host.raw()->extension(host.raw(), SH_EXT_TASK));
        real_post = task_.post;
        real_current = task_.current;
        no_thread = holds_threads = is_store_full = false;
        held_threads.clear();
        task_.post = [](const sh_host* raw, sh_target target, std::uint64_t task) -> sh_status {
            if (target == SH_ON_STORE && is_store_full) return SH_BUSY;
            if (target != SH_ON_LONG) return real_post(raw, target, task);
            if (no_thread) return SH_BUSY;
            if (!holds_threads) return real_post(raw, target, task);
            held_threads.push_back(task);
            return SH_OK;
        };
        // As on a thread that has waited for the store loop as long as it may.
        task_.current = [](const sh_host* raw) -> sh_target {
            if (is_store_full) return SH_ON_CONTROL;
            return real_current(raw);
        };
        host.extend(SH_EXT_TASK, &task_);
    }
    ~ChatFixture() override { host.destroy(); }

    void start(std::int64_t max_pending = 100) {
        config.set("max_pending", max_pending);
        start_configured();
    }
    void start_configured() {
        plugin = &host.create<Chat>();
        config.set("providers.echo.delay_ms", std::int64_t{0});
        ASSERT_EQ(host.configure(config), SH_OK) << host.error.text;
        ASSERT_EQ(host.start(), SH_OK) << host.error.text;
        table = host.provided<sh_chat>(SH_SVC_CHAT, &self);
        ASSERT_NE(table, nullptr);
    }
    struct Answer {
        int count = 0;
        sh_status status = SH_OK;
        std::uint32_t flags = 0;
        std::string body;
        std::string detail;
        std::int64_t wait_ms = 0;
    };
    sh_ticket ticket(Answer& answer) {
        return host.ticket([&answer](const sh_result& result) {
            ++answer.count;
            answer.status = result.status;
            answer.flags = result.flags;
            answer.detail = result.detail;
            answer.wait_ms = result.wait_ms;
            if (result.body != nullptr) answer.body.assign(result.body->data, result.body->size);
        });
    }
    void post(Answer& answer, const std::string& content, const std::string& key = "",
              const std::string& options = "", const std::string& session = "s") {
        const sh_chat_send request{
            sizeof(request), 0, bytes(session), bytes("ann"), bytes(key), bytes(content), bytes(options)};
        table->send(self, &request, ticket(answer));
    }
    Answer send(const std::string& content, const std::string& key = "", const std::string& options = "") {
        Answer answer;
        post(answer, content, key, options);
        host.run();
        return answer;
    }
    // Repeated until it is given up.
    void send_in_vain(const std::string& content, const std::string& key) {
        Answer answer;
        post(answer, content, key);
        host.advance(10'000);
        ASSERT_EQ(answer.status, SH_UNAVAILABLE);
    }
    Answer cancel(const std::string& run) {
        Answer answer;
        table->cancel(self, bytes(run), bytes("ann"), bytes("user"), ticket(answer));
        host.run();
        return answer;
    }
    [[nodiscard]] std::ptrdiff_t warnings() const {
        return std::count_if(host.lines.begin(), host.lines.end(),
                             [](const auto& line) { return line.level == SH_LOG_WARN; });
    }
    static std::string run_of(const Answer& answer) {
        return std::string(streamhost::own_member(answer.body, "run"));
    }
    std::string last(std::size_t back = 0) {
        const auto& entries = cache.streams["s"].entries;
        return entries.size() > back ? entries[entries.size() - 1 - back].second : "";
    }

    inline static sh_status (*real_post)(const sh_host*, sh_target, std::uint64_t) = nullptr;
    inline static sh_target (*real_current)(const sh_host*) = nullptr;
    // Threads that began and do nothing until they are let go.
    void let_threads_go() {
        holds_threads = false;
        for (const std::uint64_t task : std::exchange(held_threads, {}))
            (void)real_post(host.raw(), SH_ON_LONG, task);
        host.run();
    }

    inline static bool no_thread = false;
    inline static bool holds_threads = false;
    inline static bool is_store_full = false;  // the store loop takes no task
    inline static std::vector<std::uint64_t> held_threads;
    streamhost::testing::FakeConfig config;
    sh_task_ext task_{};
    streamhost::testing::FakeHost host;
    FakeStreamcache cache{host};
    Chat* plugin = nullptr;
    const sh_chat* table = nullptr;
    void* self = nullptr;
};

}  // namespace chat::testing
