#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/client/address.hpp"
#include "redis/client/backoff.hpp"
#include "redis/client/breaker.hpp"
#include "redis/client/call_queue.hpp"
#include "redis/client/host_lookup.hpp"
#include "redis/client/subscriptions.hpp"
#include "redis/client/tls.hpp"

namespace streamhost::redis {

// Who watches the master and names it. User, password and TLS are the Sentinels' own.
struct SentinelOptions {
    std::string master = "mymaster";
    std::vector<Address> addresses;  // seeds: they stay, others are learned from them
    std::string username;
    std::string password;
    std::optional<TlsOptions> tls;
    std::uint32_t answer_ms = 300;  // for all of them, asked at once
    std::uint32_t poll_ms = 1'000;  // and up to half of it more, at random
};

struct ServerOptions {
    std::string username;  // empty: the default user
    std::string password;
    std::uint32_t database = 0;
    std::optional<TlsOptions> tls;
};

struct ClientOptions {
    std::string role = "store";  // in messages and figures
    Address address;             // of the master; without meaning when there are Sentinels
    std::optional<SentinelOptions> sentinel;
    ServerOptions server;
    std::map<Address, Address> address_map;  // from what Sentinels say to what this host can reach
    std::string client_name = "streamhost";  // in CLIENT LIST
    std::uint32_t connections = 4;           // for calls; one more listens
    std::uint32_t connect_ms = 1'000;        // TCP and TLS
    std::uint32_t greeting_ms = 2'000;
    std::uint32_t answer_ms = 1'500;  // without a byte while an answer is due: the connection ends
    std::uint32_t whole_ms = 15'000;  // without a whole value meanwhile: the same
    std::uint32_t ping_ms = 1'000;
    BreakerOptions breaker;
    Backoff::Options backoff;
    CallQueueOptions calls;  // of each connection
    SubscriptionOptions subscriptions;
    LookupFunction lookup = ask_system;
};

enum class ReportLevel : std::uint8_t {
    kInfo = 1,
    kWarning,  // the environment: it is tried again
    kError,    // tried again too, but somebody has to change something
};
using Report = UniqueFunction<void(ReportLevel, std::string_view)>;

}  // namespace streamhost::redis
