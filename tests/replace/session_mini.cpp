// Everybody owns everything, and who is here is known to this process only.
#include <map>
#include <mutex>
#include <string>

#include "streamhost/abi/svc/session.h"
#include "streamhost/json.hpp"
#include "streamhost/plugin.hpp"

namespace {

using streamhost::view;

class SessionMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;
    void start() override { host().provide(SH_SVC_SESSION, &kTable, this); }

private:
    static SessionMini& of(void* self) { return *static_cast<SessionMini*>(self); }

    void answer(sh_ticket ticket, std::uint64_t count, const std::string& text) {
        const auto body = host().make_buffer(text);
        sh_result result = streamhost::Host::make_result(SH_OK);
        result.count = result.last = count;
        result.body = body.get();
        host().complete(ticket, result);
    }
    static void join(void* self, const sh_session_join* join, sh_ticket ticket) noexcept {
        SessionMini& me = of(self);
        const std::lock_guard lock(me.mutex_);
        std::string session(view(join->session));
        if (session.empty())
            session = "mini-" + std::to_string(++me.generated_) + "-" + std::to_string(me.host().wall_ms());
        if (!me.here_.emplace(join->connection, session).second)
            return me.host().complete(ticket, SH_CONFLICT);
        const std::string name = streamhost::json_string(session);
        me.answer(ticket, 1,
                  R"({"session":)" + name + R"(,"affinity":)" + name + R"(,"created":0,"last_node":""})");
    }
    static void leave(void* self, sh_connection connection) noexcept {
        const std::lock_guard lock(of(self).mutex_);
        of(self).here_.erase(connection);
    }
    static void list(void* self, sh_bytes /*user*/, sh_ticket ticket) noexcept {
        const std::lock_guard lock(of(self).mutex_);
        of(self).answer(ticket, of(self).here_.size(), "[]");
    }
    static void kick(void* self, sh_bytes session, sh_ticket ticket) noexcept {
        SessionMini& me = of(self);
        const auto* socket = me.host().require<sh_websocket_ext>(SH_EXT_WEBSOCKET);
        const std::lock_guard lock(me.mutex_);
        std::uint64_t count = 0;
        for (const auto& [connection, joined] : me.here_) {
            if (joined != view(session)) continue;
            socket->close(connection, 4403, streamhost::bytes("kicked"));
            ++count;
        }
        me.answer(ticket, count, "[]");
    }
    static void check_owner(void* self, sh_bytes /*session*/, sh_bytes /*user*/, sh_ticket ticket) noexcept {
        of(self).host().complete(ticket, SH_OK);
    }

    static constexpr sh_session kTable = {sizeof(sh_session), 0, &join, &leave, &list, &kick, &check_owner};
    std::mutex mutex_;
    std::map<sh_connection, std::string> here_;
    std::uint64_t generated_ = 0;
};

constexpr const char* kProvides[] = {SH_SVC_SESSION, nullptr};

}  // namespace

STREAMHOST_PLUGIN(SessionMini, {.name = "session-mini",
                                .version = "1.0.0",
                                .summary = "Sessions without rules",
                                .provides = kProvides})
