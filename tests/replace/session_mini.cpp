// Everybody owns everything, and who is here is known to this process only.
#include <map>

#include "streamhost/abi/svc/session.h"
#include "streamhost/json.hpp"
#include "streamhost/service_table.hpp"

using streamhost::answered, streamhost::told;

struct Join {
    using Wire = const sh_session_join*;
    explicit Join(Wire call) : connection(call->connection), session(streamhost::view(call->session)) {}
    sh_connection connection;
    std::string session;
};

class SessionMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;
    void start() override { host().provide(SH_SVC_SESSION, &kTable, this); }
    static constexpr const char* kProvides[] = {SH_SVC_SESSION, nullptr};

private:
    void answer(sh_ticket ticket, std::uint64_t count, const std::string& text) {
        const auto body = host().make_buffer(text);
        sh_result result = streamhost::Host::make_result(SH_OK);
        result.count = result.last = count;
        result.body = body.get();
        host().complete(ticket, result);
    }
    void join(const Join& join, sh_ticket ticket) {
        const std::string made = std::to_string(join.connection) + "-" + std::to_string(host().wall_ms());
        const auto [one, fits] = here_.emplace(join.connection, join.session.empty() ? made : join.session);
        if (!fits) return host().complete(ticket, SH_CONFLICT);
        const std::string name = streamhost::json_string(one->second);
        answer(ticket, 1,
               R"({"session":)" + name + R"(,"affinity":)" + name + R"(,"created":0,"last_node":""})");
    }
    void leave(sh_connection connection) { here_.erase(connection); }
    void list(const std::string& /*user*/, sh_ticket ticket) { answer(ticket, here_.size(), "[]"); }
    void kick(const std::string& session, sh_ticket ticket) {
        const auto* socket = host().require<sh_websocket_ext>(SH_EXT_WEBSOCKET);
        for (const auto& [connection, joined] : here_)
            if (joined == session) socket->close(connection, 4403, streamhost::bytes("kicked"));
        host().complete(ticket, SH_OK);
    }
    void check_owner(const std::string&, const std::string&, sh_ticket ticket) {
        host().complete(ticket, SH_OK);
    }

    static constexpr sh_session kTable = {sizeof(sh_session),
                                          0,
                                          answered<&SessionMini::join>(),
                                          told<&SessionMini::leave>(),
                                          answered<&SessionMini::list>(),
                                          answered<&SessionMini::kick>(),
                                          answered<&SessionMini::check_owner>()};
    std::map<sh_connection, std::string> here_;
};

STREAMHOST_PLUGIN(SessionMini, {"session-mini", "1.0.0", "Sessions without rules", SessionMini::kProvides})
