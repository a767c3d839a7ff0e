// The store's contract over real connections: to the one server, and to the master that Sentinels name.
#include "store/conformance/suite.hpp"
#include "support/client_bench.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {
namespace {

SentinelGroup& group() {
    static SentinelGroup servers;
    return servers;
}

Address address_of(const RedisProcess& server) { return {"127.0.0.1", server.port()}; }

ClientOptions to_server() {
    ClientOptions options;
    options.address = address_of(group().master());
    return options;
}

ClientOptions to_sentinels() {
    ClientOptions options;
    options.sentinel.emplace();
    for (std::size_t index = 0; index < SentinelGroup::size(); ++index)
        options.sentinel->addresses.push_back(address_of(group().sentinel(index)));
    return options;
}

store::conformance::Driver driver(std::string name, ClientOptions (*options)()) {
    store::conformance::Driver made = redis_driver();
    made.name = std::move(name);
    made.make = [options](const store::Limits& limits) {
        (void)group().master().ask({"FLUSHALL"});
        return std::make_unique<ClientBench>(limits, options());
    };
    return made;
}

}  // namespace
}  // namespace streamhost::redis

namespace streamhost::store::conformance {

STREAMHOST_STORE_CONFORMANCE(Redis, redis::driver("redis", &redis::to_server));
STREAMHOST_STORE_CONFORMANCE(RedisSentinel, redis::driver("redis_sentinel", &redis::to_sentinels));

}  // namespace streamhost::store::conformance
