#include "conclusion.hpp"

#include "streamhost/ids.hpp"
#include "streamhost/service/streamcache_requests.hpp"

#include "ids.hpp"
#include "texts.hpp"

namespace chat {

using streamhost::outcome_of;
using streamhost::view;

namespace {

// Published already, by a node whose clock gave another time: the first one counts.
bool is_there(sh_status status) { return status == SH_OK || status == SH_CONFLICT; }

std::string text_of(const sh_result& snapshot) {
    std::string text;
    for (const sh_record& record : streamhost::records_of(snapshot)) {
        if (text.size() >= kMaxEntryBytes) break;
        if (record.type == SH_RECORD_TEXT) text += view(record.data);
    }
    return text;
}

}  // namespace

void Concluder::conclude(const std::string& run, Done done) {
    auto work = std::make_shared<Work>(Work{run, std::string(streamhost::home_of(run)), 0, std::move(done)});
    cache_.snapshot(run, [this, work](const sh_result& snapshot) {
        work->state = snapshot.state;
        if (snapshot.status != SH_OK) return work->done({snapshot.status, 0});
        if (snapshot.state == SH_STREAM_UNKNOWN) return remove(work);
        if (snapshot.state == SH_STREAM_OPEN) return work->done({SH_UNAVAILABLE, snapshot.state});
        publish_message(work, snapshot);
    });
}

void Concluder::publish_message(const Ref& work, const sh_result& snapshot) {
    const std::string message = assistant_message(streamhost::local_of(work->run), text_of(snapshot),
                                                  work->run, outcome_of(work->state), host_.wall_ms());
    cache_.publish(work->session, work->run + ":message", SH_RECORD_MESSAGE, message,
                   [this, work](const sh_result& result) {
                       if (!is_there(result.status)) return work->done({result.status, work->state});
                       publish_state(work);
                   });
}

void Concluder::publish_state(const Ref& work) {
    cache_.publish(work->session, work->run + ":ended", SH_RECORD_RUN,
                   run_state(work->run, "ended", outcome_of(work->state)),
                   [this, work](const sh_result& result) {
                       if (!is_there(result.status)) return work->done({result.status, work->state});
                       remove(work);
                   });
}

void Concluder::remove(const Ref& work) {
    open_.remove(work->run, [work](const sh_result& result) {
        const bool gone = result.status == SH_OK || result.status == SH_NOT_FOUND;
        work->done({gone ? static_cast<sh_status>(SH_OK) : result.status, work->state});
    });
}

}  // namespace chat
