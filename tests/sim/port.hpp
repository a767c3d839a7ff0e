// A node's way to the store: what the client of host/redis/client does around the parts that know no sockets.
// Its queue of calls, its resolver and its breaker are the product's; in place of the lines between them
// (core_master.cpp, data_slot.cpp, finder.cpp) stand those here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client/backoff.hpp"
#include "redis/client/breaker.hpp"
#include "redis/client/call_queue.hpp"
#include "redis/client/resolver.hpp"
#include "redis/port.hpp"
#include "sim/cluster.hpp"

namespace streamhost::sim {

class SimPort final : public redis::Port, public NodeEnd {
public:
    using OnNode = std::function<std::function<void()>(std::function<void()>)>;

    SimPort(Events& events, Random& random, Cluster& cluster, std::size_t node, OnNode on_node);

    void start(redis::PortEvents& events, std::vector<std::string> preamble) override;
    store::Submit call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                       redis::CallDone done) override;
    store::Submit call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                            redis::CallDone done) override;
    store::Submit listen(redis::ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                         redis::CallDone done) override;
    store::Submit unlisten(redis::ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                           redis::CallDone done) override;
    void close() override;
    std::uint64_t in_flight() const noexcept override { return queue_.size(); }
    std::uint64_t subscriptions() const noexcept override { return channels_.size(); }

    void live(const Batch& batch) override;
    void disconnected() override;
    void channel_lost() override;
    void master_changed() override { seek(); }
    std::function<void()> on_node(std::function<void()> task) override { return on_node_(std::move(task)); }

    // From now on what was kept of this run's text is not sent again.
    void forget(std::size_t run) { forgotten_.insert(run); }

private:
    template <typename Task>
    void later(std::int64_t ms, Task task) {
        events_.after(ms, on_node_(std::move(task)));
    }
    void poll();
    void seek();
    void found(const redis::Verdict& verdict);
    void connect(const redis::Verdict& verdict);
    void connected(const redis::Verdict& verdict);
    void lost();
    void failed();
    void try_again();
    void link_up();
    void flush();
    void answer(std::uint64_t id, const Command& command, const Reply& reply);
    void refused(std::uint64_t id);
    [[nodiscard]] store::Submit push(std::string_view order, std::string command, std::uint32_t timeout_ms,
                                     redis::CallDone done, redis::CallQueue::Repeat repeat);
    void refuse(redis::CallDone done);
    void watch();
    void end(std::vector<redis::CallQueue::Ended> ended);
    [[nodiscard]] bool is_forgotten(std::string_view command) const;
    [[nodiscard]] std::int64_t now() const noexcept { return events_.now_ms(); }
    [[nodiscard]] double chance() { return static_cast<double>(random_.below(1'000)) / 1'000; }

    Events& events_;
    Random& random_;
    Cluster& cluster_;
    const std::size_t node_;
    const OnNode on_node_;
    redis::PortEvents* heard_ = nullptr;
    redis::CallQueue queue_{{}};
    redis::Resolver resolver_{300};
    redis::Breaker breaker_;
    redis::Backoff backoff_;
    redis::Backoff refusals_{{.first_ms = 20, .most_ms = 500}};
    std::int64_t held_until_ms_ = 0;
    std::vector<std::uint64_t> sent_;  // on this connection, without an answer
    std::optional<redis::Verdict> target_;
    std::set<std::string, std::less<>> channels_;
    std::vector<std::shared_ptr<redis::CallDone>> listening_;  // not acknowledged yet
    std::set<std::size_t> forgotten_;
    std::uint64_t epoch_ = 0;
    bool is_connected_ = false;
    bool is_connecting_ = false;
    bool is_up_ = false;
    bool is_watching_ = false;
    bool is_waiting_ = false;  // for the next attempt
};

}  // namespace streamhost::sim
