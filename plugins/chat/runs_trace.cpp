// The spans of a run: the run itself, from when this node has it until it is over, and in it the call of its
// provider.
#include "run.hpp"

namespace chat {

void Runs::begin_span(const Ref& run) const {
    if (!run->job.trace) return;
    run->span = tracer_.begin("run", SH_SPAN_CONSUMER, &*run->job.trace);
    run->span.began_ago(host_.monotonic_ms() - run->accepted_ms);
    run->span.set("streamhost.run", run->id);
    run->span.set("streamhost.session", run->session);
    run->span.set("streamhost.provider", run->provider_name);
    if (!run->taken) return;
    run->span.set("streamhost.claims", static_cast<std::int64_t>(run->taken->claims));
    run->span.set("streamhost.entries_before", static_cast<std::int64_t>(run->head));
}

void Runs::end_span(const Ref& run, std::string_view outcome) {
    run->span.set("streamhost.outcome", outcome.empty() ? "left to others" : outcome);
    if (outcome == "error" || outcome == "lost") run->span.fail(outcome);
    run->span.end();
}

// On the run's own thread; whoever is asked goes on with it.
streamhost::Span Runs::begin_call(const Ref& run) const {
    if (run->span.context() == nullptr) return {};
    streamhost::Span call = tracer_.begin("chat " + run->provider_name, SH_SPAN_CLIENT, run->span.context());
    run->provider->describe(call);
    if (call) run->prompt.trace = *call.context();
    return call;
}

}  // namespace chat
