#include "plan_builder.hpp"

namespace recovery {

using streamhost::bytes;

sh_plan_step& PlanBuilder::add(std::uint32_t kind) {
    sh_plan_step step{};
    step.struct_size = sizeof(step);
    step.kind = kind;
    return steps_.emplace_back(step);
}

sh_notice& PlanBuilder::notice(std::uint32_t kind) {
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

void PlanBuilder::subscribed(const Decision& decision) {
    sh_notice& made = notice(SH_NOTICE_SUBSCRIBED);
    made.first = stand_.first;
    made.last = stand_.head.seq;
    made.check = stand_.head.check;
    made.recovered = decision.recovered ? 1 : 0;
    made.reason = bytes(decision.reason);
}

void PlanBuilder::gap(std::uint64_t from, sh_position to) {
    sh_notice& made = notice(SH_NOTICE_GAP);
    made.first = from;
    made.last = to.seq;
    made.check = to.check;
    made.reason = bytes("trimmed");
}

void PlanBuilder::caught_up(std::uint64_t seq) { notice(SH_NOTICE_CAUGHT_UP).last = seq; }

void PlanBuilder::records(std::span<const sh_record> records, std::size_t joined_bytes) {
    if (records.empty()) return;
    const Joined& joined = joined_.emplace_back(join_text(records, joined_bytes));
    sh_plan_step& step = add(SH_PLAN_RECORDS);
    step.records = joined.records.data();
    step.count = static_cast<std::uint32_t>(joined.records.size());
}

void PlanBuilder::snapshot(std::span<const sh_record> records, sh_position at) {
    sh_plan_step& step = add(SH_PLAN_SNAPSHOT);
    step.records = records.data();
    step.count = static_cast<std::uint32_t>(records.size());
    step.position = at;
}

void PlanBuilder::finish(std::uint32_t kind, sh_position at) { add(kind).position = at; }

void PlanBuilder::retreat() { steps_.back().kind = SH_PLAN_MORE; }

}  // namespace recovery
