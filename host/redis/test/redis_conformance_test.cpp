#include "store/conformance/suite.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::store::conformance {

STREAMHOST_STORE_CONFORMANCE(Redis, redis::redis_driver());

}  // namespace streamhost::store::conformance
