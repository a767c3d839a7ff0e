#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "redis/driver/context.hpp"
#include "redis/driver/keeper.hpp"
#include "redis/driver/repair.hpp"
#include "store/streams.hpp"

namespace streamhost::redis {

// The log commands: each one script, so that it happens whole or not at all. How the data looks stands in
// records.hpp. streams.cpp: what writes; streams_read.cpp: what does not. [store]
class RedisStreams final : public store::StreamCommands {
public:
    explicit RedisStreams(Context& context)
        : context_(context), keeper_(context.keeper_options()), repair_(context, keeper_) {}

    store::Submit claim(const store::ClaimRequest& request, store::StreamDone done) override;
    store::Submit append(const store::AppendRequest& request, store::StreamDone done) override;
    store::Submit renew(const store::RenewRequest& request, store::StreamDone done) override;
    store::Submit publish(const store::PublishRequest& request, store::PublishDone done) override;
    store::Submit send(const store::SendRequest& request, store::PublishDone done) override;
    store::Submit finish(const store::FinishRequest& request, store::StreamDone done) override;
    store::Submit read(const store::ReadRequest& request, store::ReadDone done) override;
    store::Submit tail(const store::TailRequest& request, store::StreamListDone done) override;
    store::Submit runs(const store::RunsRequest& request, store::StreamListDone done) override;

    void on_link_down();
    // The master may be another one.
    void on_link_up();
    // What a script published on the channel of a home.
    void on_message(std::string_view home, std::string_view payload);

private:
    struct Kept;  // a write on its way that is kept once it was acknowledged
    template <typename Build>
    [[nodiscard]] store::Submit run_kept(store::Status shape, CallOptions options, Keep keep, Build&& build,
                                         ReplyDone done);
    void settle(const std::shared_ptr<Kept>& kept, const Reply& reply);
    void repeat(const std::shared_ptr<Kept>& kept);
    [[nodiscard]] std::uint64_t head_after(const Kept& kept, store::Status status, std::int64_t last) const;

    [[nodiscard]] ReplyDone stream_answer(std::string_view command, store::Position last,
                                          store::StreamDone done);
    [[nodiscard]] ReplyDone publish_answer(std::string_view command, store::PublishDone done);
    [[nodiscard]] bool fits_shared(std::span<const store::Entry> entries) const;
    void add_shared_limits(Call& call) const;
    void report_foreign(std::string_view command, std::span<const store::StreamItem> items);
    // kConflict, and a report: what came is not what our scripts write.
    [[nodiscard]] store::Status foreign(std::string_view command, std::string_view what);

    Context& context_;
    Keeper keeper_;
    Repair repair_;
    std::optional<std::int64_t> down_since_ms_;
};

}  // namespace streamhost::redis
