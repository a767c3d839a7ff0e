#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/client/connection.hpp"
#include "redis/client/resolver.hpp"

namespace streamhost::redis {

// One Sentinel: a connection that listens to "+switch-master" and carries the questions. Both on one, since
// RESP3 tells them apart; the questions, once a second, are also what proves it alive. Connects when it is
// asked. [store]
class SentinelWatch {
public:
    SentinelWatch(runtime::Loop& loop, HostLookup& lookup, ConnectionOptions options, Address address,
                  std::string master);
    ~SentinelWatch();
    SentinelWatch(const SentinelWatch&) = delete;
    SentinelWatch& operator=(const SentinelWatch&) = delete;

    // Where is the master? Answered at most once, and not at all when another question follows before.
    void ask(UniqueFunction<void(SentinelAnswer)> done);
    // Who else watches it: known after the first answer, and from then on with each refresh.
    void refresh();
    void tick(std::int64_t now_ms);
    // Ends the connection, for good; what was asked stays without an answer.
    void close();

    [[nodiscard]] const Address& address() const noexcept { return address_; }
    [[nodiscard]] const std::vector<Address>& others() const noexcept { return others_; }
    [[nodiscard]] bool is_connected() const noexcept;

    // It announced another master.
    UniqueFunction<void()> on_switch;

private:
    void connect(Endpoints endpoints);
    void started();
    void send_question();
    void send(std::initializer_list<std::string_view> words, LinkDone done);
    void take_push(const RespValue& push);
    void answer(std::uint64_t question, SentinelAnswer answer);
    void ended();

    runtime::Loop& loop_;
    HostLookup& lookup_;
    const ConnectionOptions options_;
    const Address address_;
    const std::string master_;
    std::unique_ptr<Connection> connection_;
    bool is_looked_up_ = false;  // an answer of the lookup is due
    bool is_closed_ = false;
    std::uint64_t question_ = 0;
    SentinelAnswer partial_;
    UniqueFunction<void(SentinelAnswer)> done_;
    std::vector<Address> others_;
    std::shared_ptr<SentinelWatch*> self_ = std::make_shared<SentinelWatch*>(this);
};

}  // namespace streamhost::redis
