#pragma once
// The job commands of the memory driver: the list of open runs and the queues.

#include <string>
#include <vector>

#include "store/jobs.hpp"
#include "store/memory/core.hpp"
#include "store/memory/open_runs.hpp"
#include "store/memory/queue.hpp"

namespace streamhost::store::memory {

struct OpenAnswer {
    OpenResult result;
    std::vector<std::string> kept;
    std::vector<std::string_view> members;
    const OpenResult& view();
};

/// [store]
class MemoryJobs final : public JobCommands {
public:
    explicit MemoryJobs(Core& core) : core_(core) {}

    Submit open_put(const OpenPutRequest& request, OpenDone done) override;
    Submit open_take(const OpenTakeRequest& request, OpenDone done) override;
    Submit open_remove(const OpenRemoveRequest& request, OpenDone done) override;

    Submit push(const PushRequest& request, QueueDone done) override;
    Submit take(const TakeRequest& request, QueueDone done) override;
    Submit ack(const AckRequest& request, QueueDone done) override;
    Submit depth(const DepthRequest& request, QueueDone done) override;

    void end_waits(Waits which);
    /// Forgets what is empty: shards and queues are named by callers.
    void sweep(std::size_t items);

private:
    QueueAnswer push_now(const PushRequest& request);
    void serve(Queue& queue);
    OpenAnswer put_now(const OpenPutRequest& request);

    Core& core_;
    SweptMap<OpenRuns> shards_;
    SweptMap<Queue> queues_;
    std::size_t waits_ = 0;
    std::uint64_t last_job_ = 0;
};

}  // namespace streamhost::store::memory
