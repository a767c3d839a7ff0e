#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client/client.hpp"
#include "redis/client/data_slot.hpp"
#include "redis/client/finder.hpp"
#include "redis/client/live_slot.hpp"
#include "redis/client/refusals.hpp"
#include "redis/client/reporter.hpp"
#include "runtime/timer_wheel.hpp"

namespace streamhost::redis {

struct Tick {};

// Behind Client: one master at a time, the slots that are connected to it, and when to try again.
//
// A round is one attempt: seek, connect every slot that is down. One round is open at a time, so however many
// connections are lost together, one question goes out and one failure is counted. [store]
class Client::Core final : public SlotEvents,
                           private FinderEvents,
                           private runtime::TimerFor<Client::Core, Tick> {
public:
    Core(runtime::Loop& loop, ClientOptions options, Report report);
    ~Core() override;

    void start(PortEvents& events, std::vector<std::string> preamble);
    store::Submit call(std::string_view order, std::string command, std::uint32_t timeout_ms, CallDone done,
                       CallQueue::Repeat repeat);
    store::Submit listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms, CallDone done,
                         bool is_wanted);
    void close();
    [[nodiscard]] std::uint64_t in_flight() const noexcept;
    [[nodiscard]] std::uint64_t subscriptions() const noexcept { return live_.subscriptions().size(); }
    [[nodiscard]] ClientStats stats() const { return board_.read(); }

private:
    friend runtime::TimerFor<Client::Core, Tick>;

    void on_identified(Slot& slot) override;
    void on_ready(Slot& slot) override;
    void on_lost(Slot& slot, LinkEnd why, std::string_view detail, std::int64_t ready_ms) override;
    void on_due() override;
    void on_trouble(ReportLevel level, std::string_view cause, std::string_view text) override;
    void on_error(std::string_view error) override;
    double random() override { return std::uniform_real_distribution<double>(0, 1)(random_); }
    void bury(std::unique_ptr<Connection> connection) override;
    void on_found(const Found& found, bool was_sought) override;
    void on_not_found(NotFound why, std::string_view text, bool was_sought) override;
    void on_timer(Tick);

    [[nodiscard]] ConnectionOptions connection_options() const;
    template <typename Visit>
    void each_slot(Visit visit) {
        for (const auto& slot : data_)
            visit(*slot);
        visit(live_);
    }
    void flush();
    void end_deferred();
    [[nodiscard]] bool is_doubtful(const Found& found) const;
    void leave(std::string_view why);
    void fail_round();
    void plan_round(std::int64_t now_ms);
    void watch_breaker(std::int64_t now_ms);
    void tell_breaker(BreakerState before);
    void tell_lost(LinkEnd why, std::string_view detail);
    void tell_connected(const Slot& slot);
    void watch_refusals(std::int64_t now_ms);
    void watch_server(std::int64_t now_ms);
    void link_up();
    void link_down();
    [[nodiscard]] std::uint32_t ready() const noexcept;
    [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(loop_.now_ms()); }
    void publish();

    static constexpr std::uint64_t kTickMs = 25;
    static constexpr std::int64_t kSteadyMs = 1'000;  // a connection that lived so long was a good one
    static constexpr std::int64_t kServerMs = 5'000;
    static constexpr std::size_t kMostDeferred = 10'000;

    runtime::Loop& loop_;
    const ClientOptions options_;
    std::mt19937_64 random_{std::random_device()()};
    std::optional<TlsContext> tls_;
    Reporter reporter_;
    Refusals refusals_;
    Breaker breaker_;
    Backoff backoff_;
    Finder finder_;
    std::vector<std::string> preamble_;
    std::vector<std::unique_ptr<DataSlot>> data_;
    LiveSlot live_;
    std::vector<std::unique_ptr<Connection>> buried_;
    std::vector<CallDone> deferred_;  // refused by the breaker, to be told at the end of the round
    PortEvents* events_ = nullptr;
    std::optional<Found> target_;
    Identity identity_;
    std::string trouble_;           // of the last attempt that failed, until the link is up again
    std::int64_t retry_at_ms_ = 0;  // 0: none planned
    std::int64_t heard_ms_ = 0;
    std::int64_t server_due_ms_ = 0;
    std::uint64_t epoch_ = 0;
    std::array<std::uint64_t, kLinkEnds> reconnects_by_{};
    std::uint64_t live_reconnects_ = 0;
    std::uint64_t switches_ = 0;
    std::uint64_t replaced_ = 0;
    std::uint64_t refused_ = 0;  // by the breaker
    bool is_round_open_ = false;
    bool is_up_ = false;
    bool is_connected_ = false;  // and that was told
    bool is_due_ = false;
    bool is_closed_ = false;
    StatsBoard board_;
    std::shared_ptr<Core*> self_ = std::make_shared<Core*>(this);
};

}  // namespace streamhost::redis
