// What a message's sender agreed with whoever produces the answer elsewhere. Written into the job, so that
// every node can act on it without knowing the configuration of the one that accepted the message. Pure.
// [any]
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat {

// What happens when the worker that produces an answer dies in the middle.
enum class Policy : std::uint8_t {
    fail,       // the answer ends with `lost`: for tools that must not run twice
    go_on,      // "continue": the next worker goes on after what readers have
    start_over  // "restart": the answer ends with `lost`, a new run answers the same message
};

[[nodiscard]] constexpr std::string_view policy_name(Policy policy) noexcept {
    return policy == Policy::go_on ? "continue" : policy == Policy::start_over ? "restart" : "fail";
}
[[nodiscard]] constexpr Policy policy_of(std::string_view name) noexcept {
    return name == "continue" ? Policy::go_on : name == "restart" ? Policy::start_over : Policy::fail;
}

struct RemoteTerms {
    std::string queue = "runs";
    Policy policy = Policy::fail;
    std::uint32_t max_deliveries = 3;  // workers that may try, 1 or more
    std::uint32_t wait_ms = 60'000;    // for the first of them

    // Of a run that starts another one over:
    std::string origin;         // the run that the message was sent with; empty: this one
    std::uint64_t earlier = 0;  // deliveries that were used up before this run
};

// A worker's, or a reaper's, view of one delivery.
struct Delivery {
    std::uint64_t claims = 1;   // which claim this is, or would be
    std::uint64_t excused = 0;  // claims that were given back in good order
    std::uint64_t queued = 1;   // how often the queue handed this job out
    std::uint64_t entries = 0;  // that readers may have seen
};

enum class Takeover : std::uint8_t { produce, go_on, start_over, lost, give_up };

[[nodiscard]] constexpr Takeover decide(const RemoteTerms& terms, const Delivery& delivery) noexcept {
    const std::uint64_t failed = delivery.claims - std::min(delivery.excused, delivery.claims - 1);
    if (std::max(failed + terms.earlier, delivery.queued) > terms.max_deliveries) return Takeover::give_up;
    if (delivery.claims <= 1) return Takeover::produce;
    if (terms.policy == Policy::fail) return Takeover::lost;
    if (delivery.entries == 0) return Takeover::produce;
    return terms.policy == Policy::go_on ? Takeover::go_on : Takeover::start_over;
}

}  // namespace chat
