#include "memory_bench.hpp"
#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {

STREAMHOST_STORE_CONFORMANCE(Memory, memory::memory_driver());

}  // namespace streamhost::store::conformance
