#pragma once
// How much a stream is worth: what may happen to it while the store is away, and whether it is stored at all.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamhost::store {

/// What readers may count on. Values are part of the plugin contract.
enum class Policy : std::uint8_t {
    kDurable = 1,  ///< Readers see what the store took, and nothing before.
    kLive = 2,     ///< While the store is away, readers on the producer's node see what it will be given.
    kMemory = 3,   ///< Never stored: kept by the node that wrote it, for readers of that node.
};

struct PolicyRule {
    std::string homes;  ///< A pattern as in glob.hpp.
    Policy policy = Policy::kDurable;
};

/// Which policy a home has: that of the first rule that matches, durable without one. Immutable. [any]
class Policies {
public:
    Policies() = default;
    explicit Policies(std::vector<PolicyRule> rules) : rules_(std::move(rules)) {}

    /// Of a home, or of a stream of it.
    [[nodiscard]] Policy of(std::string_view stream) const noexcept;
    /// Whether any rule names it.
    [[nodiscard]] bool has(Policy policy) const noexcept;

private:
    std::vector<PolicyRule> rules_;
};

}  // namespace streamhost::store
