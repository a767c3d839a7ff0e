// The probes, judged by the node's phase alone.
#include "streamhost/abi/svc/health.h"
#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"

class HealthMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void start() override {
        for (const auto& [path, kind] : {std::pair{"/health/live", SH_PROBE_LIVE},
                                         {"/health/ready", SH_PROBE_READY},
                                         {"/health/startup", SH_PROBE_STARTUP},
                                         {"/health", SH_PROBE_ALL},
                                         {"/health/distributed", SH_PROBE_DISTRIBUTED}}) {
            sh_http_route route{};
            route.method = "GET";
            route.path = path;
            route.listeners =
                kind <= SH_PROBE_READY ? SH_LISTENER_PUBLIC + SH_LISTENER_ADMIN : SH_LISTENER_ADMIN;
            routes_.add(host(), route, [this, probed = kind](const streamhost::HttpRequest&) {
                return streamhost::HttpResponse::json(is_well(probed) ? 200 : 503, body(probed));
            });
        }
        host().provide(SH_SVC_HEALTH, &kTable, this);
    }

private:
    bool is_well(std::uint32_t kind) const {
        const std::uint32_t phase = host().node().phase(host().raw());
        if (kind == SH_PROBE_LIVE) return true;
        return kind == SH_PROBE_STARTUP ? phase != SH_NODE_STARTING : phase == SH_NODE_RUNNING;
    }
    std::string body(std::uint32_t kind) const {
        return std::string(R"({"status":")") + (is_well(kind) ? "ok" : "down") + R"(","nodeId":")" +
               host().node_id() + "\"}";
    }
    static sh_status probe(void* self, std::uint32_t kind, const sh_buffer** out) noexcept {
        const auto& me = *static_cast<HealthMini*>(self);
        const auto text = me.host().make_buffer(me.body(kind));
        text->retain(text.get());  // the caller's reference
        *out = text.get();
        return me.is_well(kind) ? SH_OK : SH_UNAVAILABLE;
    }

    static constexpr sh_health kTable = {sizeof(sh_health), 0, &probe};
    streamhost::HttpRoutes routes_;
};

constexpr const char* kProvides[] = {SH_SVC_HEALTH, nullptr};

STREAMHOST_PLUGIN(HealthMini, {"health-mini", "1.0.0", "Probes by phase", kProvides})
