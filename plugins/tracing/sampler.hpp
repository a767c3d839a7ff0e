// Which traces are kept. A trace that a caller began is kept or not as the caller says; one that begins here,
// by its id, so that all who use the same ratio and rule agree (OpenTelemetry's ParentBased with
// TraceIdRatioBased). Pure. [any]
#pragma once

#include <array>
#include <cstdint>

namespace tracing {

class Sampler {
public:
    // 0: none; 1: all.
    explicit Sampler(double ratio) noexcept
        : bound_(ratio >= 1  ? kAll
                 : ratio > 0 ? static_cast<std::uint64_t>(ratio * kSpan)
                             : 0) {}

    [[nodiscard]] bool keeps(const std::array<std::uint8_t, 16>& trace_id) const noexcept {
        std::uint64_t last = 0;
        for (std::size_t index = 8; index < trace_id.size(); ++index)
            last = last << 8 | trace_id[index];
        return last >> 1 < bound_;
    }

private:
    static constexpr double kSpan = 9223372036854775808.0;  // 2^63
    static constexpr std::uint64_t kAll = std::uint64_t{1} << 63;
    std::uint64_t bound_;
};

}  // namespace tracing
