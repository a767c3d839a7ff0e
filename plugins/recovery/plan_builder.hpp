// A delivery plan in the making: owns the notices and joined texts that its steps point to.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "streamhost/abi/ext/delivery.h"

#include "decision.hpp"
#include "join.hpp"

namespace recovery {

class PlanBuilder {
public:
    // `stream` and `request` must outlive the builder.
    PlanBuilder(std::string_view stream, std::string_view request, const Stand& stand)
        : stream_(stream), request_(request), stand_(stand) {}

    void subscribed(const Decision& decision);
    void gap(std::uint64_t from, sh_position to);
    void records(std::span<const sh_record> records, std::size_t joined_bytes);
    void snapshot(std::span<const sh_record> records, sh_position at);
    void caught_up(std::uint64_t seq);

    void join(sh_position at) { finish(SH_PLAN_JOIN, at); }
    void end() { finish(SH_PLAN_END, {}); }
    void more() { finish(SH_PLAN_MORE, {}); }

    [[nodiscard]] const std::vector<sh_plan_step>& steps() const noexcept { return steps_; }
    // The last step again, as more(): the join did not fit the log.
    void retreat();

private:
    sh_notice& notice(std::uint32_t kind);
    void finish(std::uint32_t kind, sh_position at);
    sh_plan_step& add(std::uint32_t kind);

    std::string_view stream_;
    std::string_view request_;
    Stand stand_;
    std::deque<sh_notice> notices_;  // stable addresses
    std::deque<Joined> joined_;
    std::vector<sh_plan_step> steps_;
};

}  // namespace recovery
