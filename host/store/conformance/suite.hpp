#pragma once
// Instantiates the whole suite for a driver. A test program links store_conformance and says, at namespace
// scope:
//
//   STREAMHOST_STORE_CONFORMANCE(Memory, memory_driver());

#include "store/conformance/fixture.hpp"

namespace streamhost::store::conformance {

class OwnedStreams : public Conformance {};
class SharedStreams : public Conformance {};
class Sends : public Conformance {};
class Reads : public Conformance {};
class Lifetimes : public Conformance {
public:
    void SetUp() override { use_short_lifetimes(); }
};
class Jobs : public Conformance {};
class Registry : public Conformance {};
class Locks : public Conformance {};
class Keys : public Conformance {};
class Rates : public Conformance {};
class Channels : public Conformance {};
class Shapes : public Conformance {};
class Contract : public Conformance {};
class Model : public Conformance {};

}  // namespace streamhost::store::conformance

// GoogleTest makes a function per suite: one macro line each.
#define STREAMHOST_STORE_SUITE_(prefix, suite, driver)               \
    INSTANTIATE_TEST_SUITE_P(prefix, suite, testing::Values(driver), \
                             [](const auto& tested) { return tested.param.name; })

#define STREAMHOST_STORE_CONFORMANCE(prefix, driver)        \
    STREAMHOST_STORE_SUITE_(prefix, OwnedStreams, driver);  \
    STREAMHOST_STORE_SUITE_(prefix, SharedStreams, driver); \
    STREAMHOST_STORE_SUITE_(prefix, Sends, driver);         \
    STREAMHOST_STORE_SUITE_(prefix, Reads, driver);         \
    STREAMHOST_STORE_SUITE_(prefix, Lifetimes, driver);     \
    STREAMHOST_STORE_SUITE_(prefix, Jobs, driver);          \
    STREAMHOST_STORE_SUITE_(prefix, Registry, driver);      \
    STREAMHOST_STORE_SUITE_(prefix, Locks, driver);         \
    STREAMHOST_STORE_SUITE_(prefix, Keys, driver);          \
    STREAMHOST_STORE_SUITE_(prefix, Rates, driver);         \
    STREAMHOST_STORE_SUITE_(prefix, Channels, driver);      \
    STREAMHOST_STORE_SUITE_(prefix, Shapes, driver);        \
    STREAMHOST_STORE_SUITE_(prefix, Contract, driver);      \
    STREAMHOST_STORE_SUITE_(prefix, Model, driver)
