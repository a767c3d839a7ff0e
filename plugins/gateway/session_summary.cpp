#include "session_summary.hpp"

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/result.hpp"
#include "streamhost/service/streamcache_requests.hpp"

#include "encoder.hpp"
#include "position.hpp"

namespace gateway {

using streamhost::JsonObject;
using streamhost::own_member;

void SessionSummary::take(const sh_result& folded) {
    first_ = folded.last == 0 ? 0 : folded.first;
    last_ = folded.last;
    position_ = position_text({folded.last, folded.check});
    for (const sh_record& record : streamhost::records_of(folded)) {
        if (record.type != SH_RECORD_RUN) continue;
        const std::string_view data = streamhost::view(record.data);
        runs_.push_back({std::string(own_member(data, "run")),
                         std::string(own_member(data, "state")),
                         std::string(own_member(data, "outcome")),
                         {}});
        if (runs_.size() > kMaxRuns) runs_.erase(runs_.begin());
    }
}

// The run's own stream is ahead of what the session's says of it, also of how it ended. Of one that is not
// kept any more the session's has the last word.
void SessionSummary::stands(std::size_t place, const sh_result& tail) {
    Run& run = runs_[place];
    if (tail.state == SH_STREAM_UNKNOWN || tail.state == 0) return;
    run.state = state_name(tail.state, tail.last);
    run.outcome = streamhost::outcome_of(tail.state);
    run.position = position_text({tail.last, tail.check});
}

std::string SessionSummary::shown(const Run& run) {
    JsonObject object;
    object.text("run", run.id).text("state", run.state).text_if("outcome", run.outcome);
    return object.text_if("position", run.position).done();
}

std::string SessionSummary::json() const {
    JsonObject body;
    body.text("session", session_).number("first", first_).number("head", last_).text("position", position_);
    body.json("runs", streamhost::json_array(runs_, &SessionSummary::shown));
    if (connections_) body.number("connections", *connections_);
    return body.done();
}

}  // namespace gateway
