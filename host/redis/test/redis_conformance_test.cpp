#include "store/conformance/suite.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::store::conformance {

// A suite moves from here to STREAMHOST_STORE_SUITE_(Redis, <suite>, redis::redis_driver()) once its commands
// are there.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OwnedStreams);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedStreams);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Sends);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Reads);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Lifetimes);
STREAMHOST_STORE_SUITE_(Redis, Jobs, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Registry, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Locks, redis::redis_driver());
STREAMHOST_STORE_SUITE_(Redis, Keys, redis::redis_driver());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Channels);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Shapes);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Contract);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Model);

}  // namespace streamhost::store::conformance
