#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client/options.hpp"
#include "redis/client/stats.hpp"
#include "redis/port.hpp"
#include "runtime/loop.hpp"

namespace streamhost::redis {

// The problem: a master is lost by a crash, a hang, a partition, a planned failover or a restart, and each
// looks different from here; whoever uses the store wants to know only that its calls are answered, in order,
// or that there is no master.
//
// The Port over real connections: some for calls, each order on one of them, and one that listens. Behind an
// address or behind Sentinels it finds the master, proves it by ROLE, and leaves it with all connections at
// once when another one is named or another process answers. What the server refuses for now (READONLY,
// LOADING, MASTERDOWN, TRYAGAIN, CLUSTERDOWN, BUSY, NOREPLICAS) is repeated while the call's time lasts;
// every other answer goes up. A breaker refuses calls after five failed attempts at a single address, or
// three seconds without a sign of the master.
//
// Nothing blocks the loop: names are looked up on threads of their own, every wait has a deadline, reads and
// writes of a round are bounded. Trouble is told through `report`, once per cause.
//
// [store], except the constructor (before the loop runs, or on it; throws std::runtime_error when a TLS file
// cannot be used) and stats() [any]. Outlived by the loop. Not destroyed inside one of its own callbacks.
class Client final : public Port {
public:
    Client(runtime::Loop& loop, ClientOptions options, Report report);
    ~Client() override;

    void start(PortEvents& events, std::vector<std::string> preamble) override;
    [[nodiscard]] store::Submit call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                                     CallDone done) override;
    [[nodiscard]] store::Submit call_once(std::string_view order, std::string command,
                                          std::uint32_t timeout_ms, CallDone done) override;
    [[nodiscard]] store::Submit listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                                       CallDone done) override;
    [[nodiscard]] store::Submit unlisten(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                                         CallDone done) override;
    // The `done`s of what is open run inside, the last ones before it returns.
    void close() override;
    [[nodiscard]] std::uint64_t in_flight() const noexcept override;
    [[nodiscard]] std::uint64_t subscriptions() const noexcept override;

    [[nodiscard]] ClientStats stats() const;  // [any]

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace streamhost::redis
