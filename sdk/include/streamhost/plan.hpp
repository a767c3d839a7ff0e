// A reader's plan (abi/ext/delivery.h) in the making: what it is told and given, step by step, until it is
// live.
#pragma once

#include <deque>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/async.h"
#include "streamhost/abi/ext/delivery.h"
#include "streamhost/bytes.hpp"
#include "streamhost/result.hpp"

namespace streamhost {

// Where a stream stands on this node.
struct StreamStand {
    std::uint64_t first = 0;  // oldest entry kept; 0: none yet
    sh_position head{};
    std::uint32_t state = SH_STREAM_UNKNOWN;
};

// Owns the notices that its steps point to; everything else must outlive it. One thread.
class Plan {
public:
    // `request`: the client's request id as JSON text, or empty.
    Plan(std::string_view stream, std::string_view request, const StreamStand& stand)
        : stream_(stream), request_(request), stand_(stand) {}

    void subscribed(bool recovered, std::string_view reason) {
        sh_notice& made = notice(SH_NOTICE_SUBSCRIBED);
        made.first = stand_.first;
        made.last = stand_.head.seq;
        made.check = stand_.head.check;
        made.recovered = recovered ? 1 : 0;
        made.reason = bytes(reason);
    }
    // Entries from `from` to `to` are lost to this reader.
    void gap(std::uint64_t from, sh_position to) {
        sh_notice& made = notice(SH_NOTICE_GAP);
        made.first = from;
        made.last = to.seq;
        made.check = to.check;
        made.reason = bytes("trimmed");
    }
    void records(std::span<const sh_record> records) {
        if (records.empty()) return;
        sh_plan_step& step = add(SH_PLAN_RECORDS);
        step.records = records.data();
        step.count = static_cast<std::uint32_t>(records.size());
    }
    // Entries `first` to `last` as the node's log holds them.
    void log(std::uint64_t first, std::uint64_t last) {
        sh_plan_step& step = add(SH_PLAN_LOG);
        step.first = first;
        step.last = last;
    }
    // Already folded (fold.hpp); the last entry folded in stands at `at`.
    void snapshot(std::span<const sh_record> records, sh_position at) {
        sh_plan_step& step = add(SH_PLAN_SNAPSHOT);
        step.records = records.data();
        step.count = static_cast<std::uint32_t>(records.size());
        step.position = at;
    }
    void caught_up(std::uint64_t seq) { notice(SH_NOTICE_CAUGHT_UP).last = seq; }

    // --- the last step, one of these
    void join(sh_position at) { add(SH_PLAN_JOIN).position = at; }
    void end() { add(SH_PLAN_END); }
    void more() { add(SH_PLAN_MORE); }
    // Behind what streamcache read: more of it later, else `caught_up` unless it was told, and the end or
    // live.
    void go_on(const sh_result& page, sh_position stop, bool& is_caught_up) {
        if ((page.flags & SH_RESULT_MORE) != 0) return more();
        if (!std::exchange(is_caught_up, true)) caught_up(stop.seq);
        const auto records = records_of(page);
        const bool is_ended = !records.empty() && records.back().type == SH_RECORD_END;
        is_ended ? end() : join(stop);
    }

    // The same for a reader that was told nothing yet and held `from` in front of the page.
    void go_on(const sh_result& page, sh_position from) {
        bool is_caught_up = false;
        const auto records = records_of(page);
        go_on(page, records.empty() ? from : sh_position{records.back().seq, records.back().check},
              is_caught_up);
    }

    // Gives it to the reader, which holds `from`. A log that went on meanwhile has nothing to join: then the
    // last step is made SH_PLAN_MORE. SH_GONE: no such reader. [store]
    [[nodiscard]] sh_status attach(const sh_delivery_ext* delivery, const sh_host* host, sh_connection reader,
                                   sh_handle encoding, sh_position from) {
        const auto give = [&] {
            return delivery->attach(host, reader, bytes(stream_), encoding, from, steps_.data(),
                                    static_cast<std::uint32_t>(steps_.size()));
        };
        const sh_status status = give();
        if (status != SH_GAP) return status;
        steps_.back().kind = SH_PLAN_MORE;
        return give();
    }

private:
    sh_plan_step& add(std::uint32_t kind) {
        sh_plan_step step{};
        step.struct_size = sizeof(step);
        step.kind = kind;
        return steps_.emplace_back(step);
    }
    sh_notice& notice(std::uint32_t kind) {
        sh_notice& made = notices_.emplace_back();
        made = {};
        made.struct_size = sizeof(made);
        made.kind = kind;
        made.stream = bytes(stream_);
        made.request = bytes(request_);
        made.state = stand_.state;
        add(SH_PLAN_NOTICE).notice = &made;
        return made;
    }

    std::string_view stream_;
    std::string_view request_;
    StreamStand stand_;
    std::deque<sh_notice> notices_;  // stable addresses
    std::vector<sh_plan_step> steps_;
};

}  // namespace streamhost
