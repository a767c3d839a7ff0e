#pragma once

#include <string_view>

#include "redis/driver/context.hpp"
#include "store/streams.hpp"

namespace streamhost::redis {

// The log commands: each one script. [store]
class RedisStreams final : public store::StreamCommands {
public:
    explicit RedisStreams(Context& context) : context_(context) {}

    store::Submit claim(const store::ClaimRequest& request, store::StreamDone done) override;
    store::Submit append(const store::AppendRequest& request, store::StreamDone done) override;
    store::Submit renew(const store::RenewRequest& request, store::StreamDone done) override;
    store::Submit publish(const store::PublishRequest& request, store::PublishDone done) override;
    store::Submit send(const store::SendRequest& request, store::PublishDone done) override;
    store::Submit finish(const store::FinishRequest& request, store::StreamDone done) override;
    store::Submit read(const store::ReadRequest& request, store::ReadDone done) override;
    store::Submit tail(const store::TailRequest& request, store::StreamListDone done) override;
    store::Submit runs(const store::RunsRequest& request, store::StreamListDone done) override;

    // What a script published for a stream of a home.
    void on_message(std::string_view payload);

private:
    Context& context_;
};

}  // namespace streamhost::redis
