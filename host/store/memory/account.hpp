#pragma once
// The estimated bytes of everything the driver holds, against one bound.

#include <cstdint>

namespace streamhost::store::memory {

/// [store]
class Account {
public:
    explicit Account(std::uint64_t most) noexcept : most_(most) {}

    void add(std::uint64_t bytes) noexcept { used_ += bytes; }
    void remove(std::uint64_t bytes) noexcept { used_ -= bytes; }
    [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

    [[nodiscard]] bool fits(std::uint64_t more) const noexcept { return used_ + more <= most_; }

    /// Ends must fit when nothing else does, or a full store would keep every run open for ever.
    [[nodiscard]] bool fits_end(std::uint64_t more) const noexcept {
        return used_ + more <= most_ + most_ / 64;
    }

private:
    std::uint64_t most_;
    std::uint64_t used_ = 0;
};

}  // namespace streamhost::store::memory
