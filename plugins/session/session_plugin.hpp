// The plugin as the host sees it.
#pragma once

#include <memory>
#include <string>

#include "streamhost/abi/svc/session.h"
#include "streamhost/service_table.hpp"

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

    [[nodiscard]] std::string incarnation() const;
    // Of the tables, on the store loop; leave() is called from anywhere.
    void join(JoinRequest request, sh_ticket ticket);
    void list(const std::string& user, sh_ticket ticket);
    void list_some(const std::string& user, std::uint32_t limit, sh_ticket ticket);
    void kick(const std::string& session, sh_ticket ticket);
    void check_owner(const std::string& stream, const std::string& user, sh_ticket ticket);
    void look_owner(const std::string& stream, const std::string& user, sh_ticket ticket);
    void count(sh_ticket ticket);
    void connections(const std::string& session, sh_ticket ticket);
    void nodes(sh_ticket ticket);
    static void leave(void* self, sh_connection connection) noexcept;
    static void on_kick(void* self, sh_bytes topic, sh_bytes payload) noexcept;
    static const sh_session kTable;
    static const OperatorTable kOperatorTable;
    static const sh_topic_events kKickEvents;

    std::uint32_t heartbeat_ms_ = 2'000;
    std::uint32_t ttl_ms_ = 6'000;
    bool presence_ = false;
    std::unique_ptr<Sessions> sessions_;
    AdminRoutes routes_;
    bool told_ = false;  // [control]
};

}  // namespace session
