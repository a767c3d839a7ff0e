// GET of a session: its stream is read folded, then its runs and the registry are asked at once.
#include <memory>

#include "call.hpp"
#include "session_summary.hpp"

namespace gateway {

// `waits`: answers that are still to come. Without a registry nobody can tell who is there.
struct Call::SessionLook {
    SessionSummary summary;
    std::size_t waits = 0;
    bool has_failed = false;
};

void Call::show_session() {
    auto look = std::make_shared<SessionLook>(SessionLook{SessionSummary(asked_.text.session)});
    door().services.snapshot(target(), asked_.text.session,
                             later([look](Call& call, const sh_result& result) {
                                 if (result.status != SH_OK) return call.fail(error_of(result, kCache));
                                 look->summary.take(result);
                                 call.ask_of_session(look);
                             }));
}

void Call::ask_of_session(const std::shared_ptr<SessionLook>& look) {
    look->waits = look->summary.runs() + 1;
    door().services.connections(target(), asked_.text.session,
                                later([look](Call& call, const sh_result& result) {
                                    if (result.status == SH_OK) look->summary.connected(result.count);
                                    call.heard_of_session(*look);
                                }));
    for (std::size_t place = 0; place < look->summary.runs(); ++place) {
        const auto heard = [look, place](Call& call, const sh_result& result) {
            if (look->has_failed) return;
            look->has_failed = result.status != SH_OK;
            if (look->has_failed) return call.fail(error_of(result, kCache));
            look->summary.stands(place, result);
            call.heard_of_session(*look);
        };
        door().services.tail(target(), look->summary.run(place), later(heard));
    }
}

void Call::heard_of_session(SessionLook& look) {
    --look.waits;
    if (look.waits > 0 || look.has_failed) return;
    if (!look.summary.is_known())
        return fail({.code = "not_found", .message = "nobody has written to this session"});
    answer(200, look.summary.json());
}

}  // namespace gateway
