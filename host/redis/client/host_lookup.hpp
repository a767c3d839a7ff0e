#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/client/address.hpp"
#include "runtime/loop.hpp"

namespace streamhost::redis {

// What connect() takes.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;
};
using Endpoints = std::vector<Endpoint>;

// From a name to its numbers; may block, runs on any thread. Empty: the name is unknown.
using LookupFunction = std::function<Endpoints(const Address&)>;
[[nodiscard]] Endpoints ask_system(const Address& address);
// Of a number as text; empty for a name.
[[nodiscard]] Endpoints numeric_endpoints(const Address& address);

// The problem: the system's resolver blocks for seconds when a name server is away, and a loop must not.
//
// Each name is asked on a short thread of its own, at most kMostThreads at once; numbers need none. The
// answer comes on the loop. A thread that outlives this object finds nobody to tell: it is not waited for,
// since the system gives no way to end it. [store]
class HostLookup {
public:
    using Done = UniqueFunction<void(Endpoints)>;

    HostLookup(runtime::Loop& loop, LookupFunction ask);
    ~HostLookup();
    HostLookup(const HostLookup&) = delete;
    HostLookup& operator=(const HostLookup&) = delete;

    // Numbers are answered inside the call. Empty: unknown, or too many threads are stuck already.
    void find(const Address& address, Done done);

private:
    static constexpr std::size_t kMostThreads = 8;
    struct Mailbox;

    void take(std::uint64_t id, Endpoints found);

    LookupFunction ask_;
    std::shared_ptr<Mailbox> mailbox_;
    std::map<std::uint64_t, Done> waiting_;
    std::uint64_t last_id_ = 0;
};

}  // namespace streamhost::redis
