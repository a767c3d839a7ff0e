// The answers as JSON. Pure. [any]
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "canary.hpp"
#include "facts.hpp"
#include "verdict.hpp"

namespace health {

struct SessionCounts {
    std::uint64_t here = 0;
    std::uint64_t everywhere = 0;
};

// Everything that is known at one moment.
struct Picture {
    Facts facts;
    Verdict verdict;
    CanaryView canary{};
    std::optional<SessionCounts> sessions;  // nothing: nobody counts them now
    std::int64_t wall_ms = 0;
};

struct Answer {
    bool is_good = true;  // 200, else 503
    std::string body;
};

// For the public listener: one word.
[[nodiscard]] Answer plain_live(const Picture& picture);
[[nodiscard]] Answer plain_ready(const Picture& picture);

[[nodiscard]] Answer live(const Picture& picture);
[[nodiscard]] Answer ready(const Picture& picture);
[[nodiscard]] Answer startup(const Picture& picture);
[[nodiscard]] Answer all(const Picture& picture);
// Not good when degraded: whoever asks this asks for more than this node's own welcome. `active_streams`:
// answers that are being produced here; nothing when nobody counts them.
[[nodiscard]] Answer distributed(const Picture& picture, std::optional<std::uint64_t> active_streams);

}  // namespace health
