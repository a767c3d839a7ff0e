#pragma once

#include "redis/driver/context.hpp"
#include "store/jobs.hpp"

namespace streamhost::redis {

// The open runs and the queues. [store]
class RedisJobs final : public store::JobCommands {
public:
    explicit RedisJobs(Context& context) : context_(context) {}

    store::Submit open_put(const store::OpenPutRequest& request, store::OpenDone done) override;
    store::Submit open_take(const store::OpenTakeRequest& request, store::OpenDone done) override;
    store::Submit open_remove(const store::OpenRemoveRequest& request, store::OpenDone done) override;
    store::Submit push(const store::PushRequest& request, store::QueueDone done) override;
    store::Submit take(const store::TakeRequest& request, store::QueueDone done) override;
    store::Submit ack(const store::AckRequest& request, store::QueueDone done) override;
    store::Submit depth(const store::DepthRequest& request, store::QueueDone done) override;

    // Answers whoever waits with kGone, later. The store calls it when it shuts down.
    void end_waits();

private:
    Context& context_;
};

}  // namespace streamhost::redis
