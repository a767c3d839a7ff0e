// The plugin as the host sees it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"

#include "admin_routes.hpp"
#include "authenticator.hpp"
#include "key_keeper.hpp"
#include "revocation_sync.hpp"
#include "settings.hpp"
#include "telemetry.hpp"

namespace auth {

class AuthPlugin : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void reconfigure(const streamhost::Config& config) override;
    void start() override;
    streamhost::DrainReport drain(std::uint32_t deadline_ms) override;

private:
    static AuthPlugin& of(void* self) { return *static_cast<AuthPlugin*>(self); }
    [[nodiscard]] std::vector<KeyPtr> own_keys();
    void apply(const Settings& settings);  // what a running plugin takes
    // What can be told of a token without a look at it; nothing: it needs one, by its digest.
    [[nodiscard]] std::optional<Outcome> know(std::string_view token, Digest& digest);
    void ask(std::string_view token, sh_ticket ticket);
    void answer(const Outcome& outcome, sh_ticket ticket);
    void open_dev_tokens();
    void listen_to_store();
    streamhost::HttpResponse give_dev_token(const streamhost::HttpRequest& request);

    static void authenticate(void* self, sh_bytes token, sh_ticket ticket) noexcept;
    static std::uint64_t revision(void* self) noexcept;
    static std::uint8_t has_ended(void* self, const sh_auth_mark* mark) noexcept;
    static void permits(void* self, sh_bytes token, std::uint32_t verb, sh_bytes home,
                        sh_permit* out) noexcept;
    void judge(std::string_view token, std::uint32_t verb, std::string_view home, sh_permit& out);
    static void on_topic(void* self, sh_bytes topic, sh_bytes payload) noexcept;
    static const sh_auth kTable;
    static const sh_topic_events kTopicEvents;

    FixedSettings fixed_;
    std::string dev_key_ = kDevelopmentKey;  // its id
    std::atomic<bool> is_revocation_required_{false};
    std::atomic<std::uint32_t> waiting_{0};  // tokens in the workers' queue
    std::unique_ptr<Telemetry> telemetry_;
    std::unique_ptr<Authenticator> authenticator_;
    std::unique_ptr<KeyKeeper> keys_;
    std::unique_ptr<RevocationSync> sync_;
    AdminRoutes admin_;
    streamhost::HttpRoutes routes_;
};

}  // namespace auth
