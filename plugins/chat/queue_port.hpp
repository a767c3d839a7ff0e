// The store's queue of runs and the topic on which workers hear of cancels. [store]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/store.hpp"

namespace chat {

// Payload of each message: {"cancel":"<run>"}. Every node that works hears every cancel; without it a worker
// finds out when it looks at its runs, or appends.
constexpr std::string_view kControlTopic = "chat:control";

// What stands in the queue; the job itself stands with the run and comes with the claim.
struct QueuedRun {
    std::string run;
    std::uint64_t message_seq = 0;  // of the user's message on the session's stream; 0: to be looked up
    std::uint64_t excused = 0;      // claims that were given back in good order: no failures
};
[[nodiscard]] std::string payload_of(const QueuedRun& queued);

// One entry of what the queue hands out.
struct TakenJob {
    std::string id;
    std::uint64_t deliveries = 1;
    std::optional<QueuedRun> queued;  // nothing: written by somebody else, to be thrown away
};
// The body of a take. Throws Failure(SH_INTERNAL) for what no store writes.
[[nodiscard]] std::vector<TakenJob> taken_jobs(std::string_view body);

[[nodiscard]] std::string cancel_message(std::string_view run);
// The run that is cancelled, or empty.
[[nodiscard]] std::string cancelled_run(std::string_view message);

class QueuePort {
public:
    using Answer = streamhost::Host::Answer;

    QueuePort(const streamhost::Host& host, const streamhost::Store& store) : host_(host), store_(store) {}

    void push(std::string_view queue, const QueuedRun& queued, Answer answer);
    void take(std::string_view queue, std::string_view consumer, std::uint32_t max, std::uint32_t wait_ms,
              std::uint32_t idle_ms, Answer answer);
    void ack(std::string_view queue, std::string_view job, Answer answer);
    void tell_cancelled(std::string_view run, Answer answer);
    void hear_control(Answer answer);

    // False: the session is kept by this node alone (policy memory), where no other worker would find it.
    [[nodiscard]] bool reaches_workers(std::string_view session) const;
    // This process ends, and nothing in the store outlives it: whoever waits has to be answered before.
    [[nodiscard]] bool dies_with_us() const;

private:
    const streamhost::Host& host_;
    streamhost::Store store_;
};

}  // namespace chat
