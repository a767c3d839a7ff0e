#pragma once
// What a plugin plans for a reader (abi/ext/delivery.h), as the delivery takes it.

#include <cstdint>
#include <string>
#include <vector>

#include "streamhost/abi/ext/delivery.h"

#include "bridge/encoder.hpp"
#include "delivery/plan.hpp"

namespace streamhost::bridge {

/// Views of the plugin's memory.
[[nodiscard]] delivery::RecordView to_view(const sh_record& record);
[[nodiscard]] std::vector<delivery::RecordView> to_views(const sh_record* records, std::uint32_t count);

/// Owns what the views of a Plan point to while it is resolved.
struct PlanMaterial {
    std::vector<std::vector<delivery::RecordView>> records;
    std::vector<std::string> texts;
};

/// Not for SH_PLAN_LOG, which needs the checks of the log.
void add_step(delivery::Plan& plan, PlanMaterial& material, const sh_plan_step& step,
              const NoticeText& notice_text);

}  // namespace streamhost::bridge
