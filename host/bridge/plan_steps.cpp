#include "bridge/plan_steps.hpp"

namespace streamhost::bridge {

using delivery::Plan;
using delivery::Position;
using delivery::RecordView;

RecordView to_view(const sh_record& record) {
    RecordView out;
    out.seq = record.seq;
    out.prev = record.prev;
    out.check = record.check;
    out.type = static_cast<char>(record.type);
    out.ts_ms = record.ts_ms;
    out.data = view(record.data);
    out.joined_from = record.joined_from;
    out.end = record.type == SH_RECORD_END;
    return out;
}

std::vector<RecordView> to_views(const sh_record* records, std::uint32_t count) {
    std::vector<RecordView> out;
    out.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index)
        out.push_back(to_view(records[index]));
    return out;
}

void add_step(Plan& plan, PlanMaterial& material, const sh_plan_step& step, const NoticeText& notice_text) {
    const Position at{step.position.seq, step.position.check};
    switch (step.kind) {
    case SH_PLAN_NOTICE:
        material.texts.push_back(notice_text(*step.notice));
        plan.answer(material.texts.back());
        return;
    case SH_PLAN_RECORDS:
        plan.records(material.records.emplace_back(to_views(step.records, step.count)));
        return;
    case SH_PLAN_SNAPSHOT:
        plan.snapshot(material.records.emplace_back(to_views(step.records, step.count)), at);
        return;
    case SH_PLAN_LOG: return;  // resolved by the caller
    case SH_PLAN_JOIN: plan.join(at); return;
    case SH_PLAN_END: plan.end(); return;
    case SH_PLAN_MORE: plan.more(); return;
    default: return;
    }
}

}  // namespace streamhost::bridge
