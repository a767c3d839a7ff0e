// The plugin as the host sees it.
#pragma once

#include <memory>
#include <string>

#include "streamhost/abi/svc/session.h"
#include "streamhost/plugin.hpp"

#include "admin_routes.hpp"
#include "sessions.hpp"

namespace session {

class SessionPlugin : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void start() override;
    // Takes this node's sessions out of the registry.
    streamhost::DrainReport drain(std::uint32_t deadline_ms) override;

private:
    static SessionPlugin& of(void* self) { return *static_cast<SessionPlugin*>(self); }

    static void join(void* self, const sh_session_join* join, sh_ticket ticket) noexcept;
    static void leave(void* self, sh_connection connection) noexcept;
    static void list(void* self, sh_bytes user, sh_ticket ticket) noexcept;
    static void list_some(void* self, sh_bytes user, std::uint32_t limit, sh_ticket ticket) noexcept;
    static void kick(void* self, sh_bytes session, sh_ticket ticket) noexcept;
    template <auto Question>
    static void ask_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept;
    static void check_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept;
    static void look_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept;
    static void count(void* self, sh_ticket ticket) noexcept;
    static void nodes(void* self, sh_ticket ticket) noexcept;
    static void on_kick(void* self, sh_bytes topic, sh_bytes payload) noexcept;
    static const sh_session kTable;
    static const OperatorTable kOperatorTable;
    static const sh_topic_events kKickEvents;

    std::uint32_t heartbeat_ms_ = 2'000;
    std::uint32_t ttl_ms_ = 6'000;
    std::unique_ptr<Sessions> sessions_;
    AdminRoutes routes_;
    bool told_ = false;  // [control]
};

}  // namespace session
