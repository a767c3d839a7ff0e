#include "store/conformance/suite.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::store::conformance {

// A suite moves from here to STREAMHOST_STORE_SUITE_(Redis, <suite>, redis::redis_driver()) once its commands
// are there.
STREAMHOST_STORE_SUITE_(Redis, Lifetimes, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Jobs, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Registry, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Locks, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Keys, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Channels, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Shapes, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Contract, redis::redis_driver());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Model);

STREAMHOST_STORE_SUITE_(Redis, OwnedStreams, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, SharedStreams, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Sends, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Reads, redis::redis_driver());

}  // namespace streamhost::store::conformance
