#pragma once

#include <string_view>

#include "redis/driver/context.hpp"
#include "redis/driver/nonce.hpp"
#include "redis/driver/streams.hpp"
#include "redis/driver/waits.hpp"
#include "store/jobs.hpp"

namespace streamhost::redis {

// The open runs: a sorted set per shard, by the time of the next check. The queues: Redis Streams with one
// group, `workers`; an acknowledged job is deleted, so what a stream holds is what waits or is pending.
//
// Jobs are there to be claimed, so a node whose claims have to wait takes none: others may claim at once.
// [store]
class RedisJobs final : public store::JobCommands {
public:
    RedisJobs(Context& context, const RedisStreams& streams)
        : context_(context), streams_(streams), waits_(context) {}

    store::Submit open_put(const store::OpenPutRequest& request, store::OpenDone done) override;
    store::Submit open_take(const store::OpenTakeRequest& request, store::OpenDone done) override;
    store::Submit open_remove(const store::OpenRemoveRequest& request, store::OpenDone done) override;
    store::Submit push(const store::PushRequest& request, store::QueueDone done) override;
    store::Submit take(const store::TakeRequest& request, store::QueueDone done) override;
    store::Submit ack(const store::AckRequest& request, store::QueueDone done) override;
    store::Submit depth(const store::DepthRequest& request, store::QueueDone done) override;

    // Somebody pushed; or anything may have been missed.
    void on_wake(std::string_view channel) { waits_.wake(channel); }
    void on_link_up() { waits_.wake_all(); }
    // Answers whoever waits with kGone, later. The store calls it when it shuts down.
    void end_waits() { waits_.end_all(); }

private:
    class Take;

    Context& context_;
    const RedisStreams& streams_;
    Nonces nonces_;
    Waits waits_;
};

}  // namespace streamhost::redis
