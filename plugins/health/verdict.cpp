#include "verdict.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace health {

namespace {

void judge_loops(const Facts& facts, const JudgeOptions& options, Verdict& verdict) {
    verdict.is_live = true;
    for (const LoopFacts& loop : facts.loops) {
        if (loop.stuck_ms <= options.stuck_after_ms) continue;
        verdict.is_live = false;
        verdict.reasons.push_back("loop " + loop.name + " has not come back for " +
                                  std::to_string(std::llround(loop.stuck_ms)) + " ms");
    }
}

void judge_readiness(const Facts& facts, Verdict& verdict) {
    const bool is_full = facts.connection_limit > 0 && facts.connections >= facts.connection_limit;
    verdict.is_started = facts.phase != "starting";
    verdict.is_ready = facts.phase == "running" && !is_full;
    if (facts.phase != "running") verdict.reasons.push_back("the node is " + facts.phase);
    if (is_full) verdict.reasons.push_back("the node has as many connections as it may");
}

void degrade(Verdict& verdict, std::string reason) {
    verdict.is_degraded = true;
    verdict.reasons.push_back(std::move(reason));
}

void judge_store(const Facts& facts, Verdict& verdict) {
    if (!facts.store_refusal.empty())
        degrade(verdict, "the store " + facts.store_kind + " refuses writes: " + facts.store_refusal);
    if (facts.store_state == "ok") return;
    if (!facts.was_store_reached) verdict.is_ready = false;
    degrade(verdict, "the store " + facts.store_kind + " is " + facts.store_state +
                         (facts.was_store_reached ? "" : " and was not reached since the process began") +
                         (facts.store_reason.empty() ? "" : ": " + facts.store_reason));
}

void judge_plugin(const PluginFacts& plugin, Verdict& verdict) {
    if (plugin.is_wanted && plugin.state != "started")
        degrade(verdict, "plugin " + plugin.name + " is " + plugin.state +
                             (plugin.reason.empty() ? "" : ": " + plugin.reason));
    for (const ComponentFacts& component : plugin.components) {
        if (component.state == "ok") continue;
        if (component.state == "down") verdict.is_ready = false;
        degrade(verdict, plugin.name + " " + component.name + " is " + component.state +
                             (component.detail.empty() ? "" : ": " + component.detail));
    }
}

// Where the store says why it refuses writes, probes that begin with one say less.
void judge_canary(const Facts& facts, const CanaryView& canary, Verdict& verdict) {
    constexpr std::array<const char*, kProbes> kReasons = {
        "the store does not answer a write",
        "an entry that was written does not come back",
        "a message to ourselves does not come back",
    };
    for (std::size_t index = 0; index < kProbes; ++index) {
        const bool is_told = !facts.store_refusal.empty() && static_cast<Probe>(index) != Probe::kTopic;
        if (canary[index].state == Tweet::kFailing && !is_told) degrade(verdict, kReasons[index]);
    }
}

}  // namespace

std::string_view Verdict::status() const noexcept {
    if (!is_live || !is_ready) return "down";
    return is_degraded ? "degraded" : "ok";
}

Verdict judge(const Facts& facts, const CanaryView& canary, const JudgeOptions& options) {
    Verdict verdict;
    if (!facts.is_readable) {
        // The process answers, so it lives; nothing else is known.
        verdict.is_live = true;
        degrade(verdict, "the host's report cannot be read");
        return verdict;
    }
    judge_loops(facts, options, verdict);
    judge_readiness(facts, verdict);
    judge_store(facts, verdict);
    for (const PluginFacts& plugin : facts.plugins)
        judge_plugin(plugin, verdict);
    judge_canary(facts, canary, verdict);
    return verdict;
}

}  // namespace health
