// The problem: a probe that is too eager takes a healthy fleet down. A load balancer that hears "not ready"
// from every node because the store they share is away has nobody left to send clients to, and an
// orchestrator that kills what is slow makes a slow minute an outage.
//
// So: live looks at the loops alone, ready at this node's own willingness to take connections, which a plugin
// may refuse for it (a component that is `down`); everything else is `degraded`, which is news for people.
// One thing of the store counts for ready: that it was reached once since the process began. Until then the
// node is as one that starts, or a rollout with a wrong password would go on from node to node.
// Pure. [any]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "canary.hpp"
#include "facts.hpp"

namespace health {

struct JudgeOptions {
    double stuck_after_ms = 10'000;  // a loop whose round takes longer does not tick
};

struct Verdict {
    bool is_live = false;
    bool is_ready = false;
    bool is_started = false;
    bool is_degraded = false;
    std::vector<std::string> reasons;  // of all that is not as it should be, in words

    // "ok", "degraded" or "down" of the node as a whole.
    [[nodiscard]] std::string_view status() const noexcept;
};

[[nodiscard]] Verdict judge(const Facts& facts, const CanaryView& canary, const JudgeOptions& options);

}  // namespace health
