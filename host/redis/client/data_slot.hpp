#pragma once

#include <string>
#include <vector>

#include "redis/client/call_queue.hpp"
#include "redis/client/slot.hpp"

namespace streamhost::redis {

struct CallFigures {
    std::uint64_t calls = 0;
    std::uint64_t repeats = 0;      // sent again after a lost connection or a refusal for now
    std::uint64_t timeouts = 0;     // ended kTimeout
    std::uint64_t unavailable = 0;  // ended kUnavailable
};

// A slot for calls. Before a new connection carries any, the server is told to drop the one before: bytes
// that it has received and not yet executed would otherwise take effect between or after the repeats. [store]
class DataSlot final : public Slot {
public:
    DataSlot(runtime::Loop& loop, ConnectionOptions options, SlotEvents& events, CallQueueOptions calls,
             const std::vector<std::string>& preamble)
        : Slot(loop, std::move(options), events), queue_(calls), preamble_(preamble) {}

    [[nodiscard]] bool push(std::uint64_t order, std::string command, std::int64_t deadline_ms, CallDone done,
                            CallQueue::Repeat repeat);
    void flush() override;
    // Ends with kUnavailable what certainly had no effect.
    void refuse_unsent();
    void end_all();

    [[nodiscard]] std::size_t in_flight() const noexcept { return queue_.size(); }
    [[nodiscard]] const CallFigures& figures() const noexcept { return figures_; }

private:
    void prepare() override;
    void prepare_step(std::string_view command, std::string_view what);
    void on_down() override;
    void on_time(std::int64_t now_ms) override;
    void fill();
    void take(std::uint64_t id, const LinkReply& reply);
    void hold(std::uint64_t id, const RespValue& refusal);
    void end(std::vector<CallQueue::Ended> ended);

    static constexpr std::size_t kWindow = std::size_t{256} << 10;  // bytes handed to the Link at once
    static constexpr int kWindowsPerRound = 8;

    CallQueue queue_;
    const std::vector<std::string>& preamble_;
    std::size_t steps_left_ = 0;
    std::int64_t used_id_ = 0;  // of the last connection that carried calls
    std::string used_run_id_;   // and the process that it was to
    Backoff refusals_{{.first_ms = 20, .most_ms = 500}};
    std::int64_t held_until_ms_ = 0;
    CallFigures figures_;
};

}  // namespace streamhost::redis
