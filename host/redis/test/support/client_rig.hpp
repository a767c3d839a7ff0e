#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/client/client.hpp"
#include "redis/command.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop.hpp"

namespace streamhost::redis {

inline std::string command_of(std::initializer_list<std::string_view> words) {
    std::string command;
    CommandWriter writer(command, static_cast<std::uint32_t>(words.size()));
    for (const std::string_view word : words)
        writer.word(word);
    return command;
}

struct TestLoop {
    runtime::SystemClock clock;
    runtime::Loop loop{clock, {}};
};

// A client on a loop that the test turns itself; notes what it is told.
class ClientRig final : public PortEvents {
public:
    explicit ClientRig(TestLoop& loop, ClientOptions options, std::vector<std::string> preamble = {})
        : clock_(loop.clock),
          loop_(loop.loop),
          client_(loop_, std::move(options),
                  [this](ReportLevel level, std::string_view text) { reports_.emplace_back(level, text); }) {
        client_.start(*this, std::move(preamble));
    }
    ~ClientRig() override { client_.close(); }

    // Turns the loop until the condition holds; false after that time.
    template <typename Condition>
    [[nodiscard]] bool await(Condition condition, std::int64_t patience_ms = 10'000) {
        const std::int64_t deadline = now() + patience_ms;
        while (!condition()) {
            if (now() >= deadline) return false;
            loop_.run_once(10);
        }
        return true;
    }
    [[nodiscard]] bool await_up(std::int64_t patience_ms = 10'000) {
        return await([this] { return is_up_; }, patience_ms);
    }
    // Turns it for that long, whatever happens.
    void turn(std::int64_t time_ms) {
        (void)await([] { return false; }, time_ms);
    }

    // The answer as text; "<timeout>", "<unavailable>", "<closed>", "<busy>" where there is none.
    std::string call(std::initializer_list<std::string_view> words, std::uint32_t timeout_ms = 5'000) {
        std::string answer;
        if (!post(words, answer, timeout_ms)) return "<busy>";
        if (!await([&] { return !answer.empty(); }, timeout_ms + 5'000)) return "<never>";
        return answer;
    }
    // The same without waiting; `answer` outlives the call.
    bool post(std::initializer_list<std::string_view> words, std::string& answer, std::uint32_t timeout_ms,
              std::string_view order = "order") {
        return client_.call(order, command_of(words), timeout_ms, [&answer](const CallReply& reply) {
            answer = text_of(reply);
        }) == store::Submit::kAccepted;
    }
    std::string listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms = 5'000) {
        return ask(kind, name, timeout_ms, true);
    }
    std::string unlisten(ListenTo kind, std::string_view name, std::uint32_t timeout_ms = 5'000) {
        return ask(kind, name, timeout_ms, false);
    }

    static std::string text_of(const CallReply& reply) {
        switch (reply.end) {
        case CallEnd::kReply: break;
        case CallEnd::kTimeout: return "<timeout>";
        case CallEnd::kUnavailable: return "<unavailable>";
        case CallEnd::kClosed: return "<closed>";
        }
        if (reply.value.is(RespType::kNull)) return "<null>";
        if (reply.value.is(RespType::kInteger)) return std::to_string(reply.value.integer());
        return reply.value.text().empty() ? "<empty>" : std::string(reply.value.text());
    }

    // How many reports hold this text.
    [[nodiscard]] std::size_t told(std::string_view text) const {
        return static_cast<std::size_t>(
            std::count_if(reports_.begin(), reports_.end(),
                          [&](const auto& report) { return report.second.find(text) != std::string::npos; }));
    }
    [[nodiscard]] std::string all_reports() const {
        std::string all;
        for (const auto& report : reports_)
            all += report.second + "\n";
        return all;
    }

    void on_message(std::string_view pattern, std::string_view channel, std::string_view payload) override {
        messages_.push_back(std::string(pattern) + "|" + std::string(channel) + "|" + std::string(payload));
    }
    void on_link(store::Link link, std::uint64_t epoch) override {
        is_up_ = link == store::Link::kUp;
        if (is_up_) epochs_.push_back(epoch);
        if (on_link_) on_link_(link);
    }

    [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(clock_.monotonic_ms()); }
    [[nodiscard]] Client& client() noexcept { return client_; }
    [[nodiscard]] ClientStats stats() const { return client_.stats(); }
    [[nodiscard]] runtime::Loop& loop() noexcept { return loop_; }

    bool is_up_ = false;
    std::vector<std::uint64_t> epochs_;
    std::vector<std::string> messages_;
    std::vector<std::pair<ReportLevel, std::string>> reports_;
    UniqueFunction<void(store::Link)> on_link_;

private:
    std::string ask(ListenTo kind, std::string_view name, std::uint32_t timeout_ms, bool is_listen) {
        std::string answer;
        const auto done = [&answer](const CallReply& reply) {
            answer = reply.end == CallEnd::kReply ? "ok" : text_of(reply);
        };
        const auto submit = is_listen ? client_.listen(kind, name, timeout_ms, done)
                                      : client_.unlisten(kind, name, timeout_ms, done);
        if (submit != store::Submit::kAccepted) return "<busy>";
        if (!await([&] { return !answer.empty(); }, timeout_ms + 5'000)) return "<never>";
        return answer;
    }

    const runtime::Clock& clock_;
    runtime::Loop& loop_;
    Client client_;
};

}  // namespace streamhost::redis
