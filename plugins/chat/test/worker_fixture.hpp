// Runs over a queue: one plugin is the node that accepts and the worker that produces, and the store's
// answers are the test's. What another node would do is written into the store by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chat_fixture.hpp"
#include "queue_port.hpp"
#include "texts.hpp"

namespace chat::testing {

class WorkerFixture : public ChatFixture {
protected:
    void start_node(const std::string& policy, bool works, std::int64_t wait_ms = 60'000) {
        config.set("provider", std::string("far"))
            .set("providers.far.type", std::string("remote"))
            .set("providers.far.policy", policy)
            .set("providers.far.wait_ms", wait_ms)
            .set("worker.enabled", works)
            .set("worker.provider", std::string("echo"));
        start_configured();
    }
    // A run that a worker on another node began, and got `text` of out before it went.
    std::string begun_elsewhere(const std::string& content, const std::vector<std::string>& texts,
                                RemoteTerms terms, std::uint64_t claims = 1) {
        auto& session = cache.streams["s"].entries;
        session.emplace_back(SH_RECORD_MESSAGE,
                             user_message("m1", {.json = "\"" + content + "\""}, "s.far", 1));
        session.emplace_back(SH_RECORD_RUN, run_state("s.far", "pending"));
        FakeStream& run = cache.streams["s.far"];
        for (const std::string& text : texts)
            run.entries.emplace_back(SH_RECORD_TEXT, text);
        run.owned = true;
        run.fence = 7;
        run.claims = claims;
        run.user = "ann";
        run.job = job_text(
            {.provider = "far", .content = {.json = "\"" + content + "\""}, .remote = std::move(terms)});
        cache.open["s.far"] = host.now_ms() + kTakenDueMs;  // its last refresh
        return "s.far";
    }
    [[nodiscard]] double metric(const std::string& name) { return host.metric_values[name]; }
};

}  // namespace chat::testing
