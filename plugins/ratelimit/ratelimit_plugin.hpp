// The plugin as the host sees it.
#pragma once

#include <memory>

#include "streamhost/abi/svc/ratelimit.h"
#include "streamhost/plugin.hpp"

#include "admin_routes.hpp"
#include "limiter.hpp"
#include "refills.hpp"
#include "settings.hpp"
#include "telemetry.hpp"

namespace ratelimit {

class RateLimitPlugin : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void reconfigure(const streamhost::Config& config) override;
    void start() override;

private:
    static RateLimitPlugin& of(void* self) { return *static_cast<RateLimitPlugin*>(self); }
    void listen_to_store();
    void start_timers();

    static std::int64_t take(void* self, const sh_rate_subject* subject, std::uint32_t cost) noexcept;
    static std::int64_t enter(void* self, sh_bytes address, sh_bytes user) noexcept;
    static void leave(void* self, sh_bytes address, sh_bytes user) noexcept;
    static std::uint64_t epoch(void* self) noexcept;
    static const sh_ratelimit kTable;

    [[nodiscard]] Settings read(const streamhost::Config& config);

    std::uint64_t epoch_ = 0;
    Settings settings_;  // until start()
    std::unique_ptr<Limiter> limiter_;
    std::unique_ptr<Telemetry> telemetry_;
    std::unique_ptr<Refills> refills_;
    AdminRoutes routes_;
};

}  // namespace ratelimit
