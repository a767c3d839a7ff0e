#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "redis/driver/context.hpp"
#include "redis/driver/keeper.hpp"
#include "redis/driver/repair.hpp"
#include "store/streams.hpp"

namespace streamhost::redis {

// The log commands: each one script, so that it happens whole or not at all. How the data looks stands in
// records.hpp. streams.cpp: what writes; streams_claim.cpp: when something is claimed; streams_read.cpp: what
// does not write.
//
// Who produces a stream is uncertain behind a change of master: a node that did not hear of it yet may have
// been given the stream by the old one, and its keeper is about to tell the new one. So from the moment when
// the link went down until KeeperOptions::settle_ms after the new one first took a write, claims wait, within
// their deadlines, and a lease that lapsed is shown as one that lives. The same holds behind a time in which
// a write had no answer: producers may not have been heard either, and come first.
//
// A run that lacks its tail would take an end all the same, and its tail no more. So a finish is never asked
// of another master than the one that was there when it was sent, before that has been told what it lacks;
// and until then one that does not know the run is asked again.
// [store]
class RedisStreams final : public store::StreamCommands {
public:
    explicit RedisStreams(Context& context)
        : context_(context),
          keeper_(context.keeper_options()),
          repair_(context, keeper_, settled_ms_),
          settle_ms_(context.keeper_options().settle_ms),
          settles_at_start_(context.keeper_options().settles_at_start) {}

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
    // Whether it is settled who produces what, so that claims are made at once.
    [[nodiscard]] bool is_settled() const { return context_.loop().now_ms() >= settled_ms_; }
    // Answers kGone to what waits, for a claim or for a repair.
    void end_waits();
    // What a script published on the channel of a home.
    void on_message(std::string_view home, std::string_view payload);

private:
    // Of one write: a master that is wiped while it is told may lack some of it again.
    static constexpr int kMostRepairs = 4;
    // A write on its way that is kept once it was acknowledged.
    struct Kept {
        std::string order;
        Keep keep;
        std::optional<Call> call;
        ReplyDone done;
        int repairs_left = kMostRepairs;
        bool only_once = false;  // a claim that has rivals, or a finish
        bool is_finish = false;
        bool waits_for_repair = false;
        std::optional<std::uint64_t> repairs;  // that had begun when it was sent, none of them under way
        std::int64_t until_ms = 0;             // its deadline, whatever it waits for meanwhile
        std::int64_t not_before_ms = 0;
    };
    template <typename Build>
    [[nodiscard]] store::Submit run_kept(store::Status shape, CallOptions options, Keep keep, Build&& build,
                                         ReplyDone done);
    void settle(const std::shared_ptr<Kept>& kept, const Reply& reply);
    [[nodiscard]] store::Submit repair_first(const std::shared_ptr<Kept>& kept);
    [[nodiscard]] bool end_repair_wait(Kept& kept);
    void repeat(const std::shared_ptr<Kept>& kept);
    void repeat_repaired(const std::shared_ptr<Kept>& kept);
    void show_figures();
    void note_repairs(Kept& kept) const;
    [[nodiscard]] bool is_behind_all(const Kept& kept, store::Status status) const;
    [[nodiscard]] std::uint64_t head_after(const Kept& kept, store::Status status, std::uint64_t last) const;
    [[nodiscard]] std::int64_t keeper_now_ms() const;
    [[nodiscard]] std::int64_t look_at_ms(const Kept& kept) const;
    void run_held(const std::shared_ptr<Kept>& kept);
    [[nodiscard]] bool may_ask_again(const Kept& kept, store::Status status) const;
    [[nodiscard]] store::Submit hold(const std::shared_ptr<Kept>& kept);
    void plan_held(std::int64_t at_ms);
    void look_at_held();
    void show_unsettled(std::span<store::StreamItem> items) const;
    [[nodiscard]] static bool is_passing(store::Status status) noexcept {
        return status == store::Status::kTimeout || status == store::Status::kUnavailable;
    }
    void unsettle();
    void begin_to_settle();
    void prove_write();
    void settled_at(std::int64_t at_ms);

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
    const std::int64_t settle_ms_;
    const bool settles_at_start_;
    std::uint64_t unsettled_ = 0;  // how often
    bool was_up_ = false;
    std::int64_t settled_ms_ = INT64_MAX;
    std::deque<std::shared_ptr<Kept>> held_;  // what is for one master, in the order of the calls
    std::int64_t planned_ms_ = INT64_MAX;     // when they are looked at next
};

}  // namespace streamhost::redis
