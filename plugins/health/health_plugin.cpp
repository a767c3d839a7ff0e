// Glue: routes and the table of svc/health.h on one side, Watch on the other.
#include "health_plugin.hpp"

#include <utility>

namespace health {

using streamhost::Failure;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::view;

const sh_health HealthPlugin::kTable = {sizeof(sh_health), 0, &HealthPlugin::probe};
const sh_topic_events HealthPlugin::kTopicEvents = {sizeof(sh_topic_events), 0, &HealthPlugin::on_topic};

void HealthPlugin::configure(const streamhost::Config& config) {
    if (watch_ != nullptr) throw Failure(SH_NEEDS_RESTART, "health takes its section at the start");
    options_.judge.stuck_after_ms =
        static_cast<double>(config.integer("stuck_after_ms", std::int64_t{10'000}));
    options_.canary_interval_ms =
        static_cast<std::uint32_t>(config.integer("canary_interval_ms", options_.canary_interval_ms));
}

void HealthPlugin::start() {
    watch_ = std::make_unique<Watch>(host(), options_, host().expose(&kTopicEvents, this).get());
    add_routes();
    host().provide(SH_SVC_HEALTH, &kTable, this);
    const auto beat = [this] { watch_->beat(); };
    // Not at once: what is said to us before start() has returned does not reach us.
    if (host().every(SH_ON_STORE, options_.canary_interval_ms, beat) != SH_OK)
        throw Failure(SH_BUSY, "no timer for the canary");
}

void HealthPlugin::add_routes() {
    constexpr std::uint32_t kBoth = SH_LISTENER_PUBLIC | SH_LISTENER_ADMIN;
    serve(kBoth, "/health/live", SH_PROBE_LIVE);
    serve(kBoth, "/health/ready", SH_PROBE_READY);
    serve(SH_LISTENER_ADMIN, "/health/startup", SH_PROBE_STARTUP);
    serve(SH_LISTENER_ADMIN, "/health/distributed", SH_PROBE_DISTRIBUTED);
    serve(SH_LISTENER_ADMIN, "/health", SH_PROBE_ALL);
    serve_metrics();
}

Answer HealthPlugin::answer(std::uint32_t kind, Detail detail) {
    const auto picture = watch_->picture();
    switch (kind) {
    case SH_PROBE_LIVE: return detail == Detail::kWord ? plain_live(*picture) : live(*picture);
    case SH_PROBE_READY: return detail == Detail::kWord ? plain_ready(*picture) : ready(*picture);
    case SH_PROBE_STARTUP: return startup(*picture);
    case SH_PROBE_DISTRIBUTED: return distributed(*picture, watch_->active_streams());
    default: return all(*picture);
    }
}

// The public listener is shown a word, nothing of what is inside.
void HealthPlugin::serve(std::uint32_t listeners, const char* path, std::uint32_t kind) {
    sh_http_route route{};
    route.listeners = listeners;
    route.method = "GET";
    route.path = path;
    routes_.add(host(), route, [this, kind](const HttpRequest& request) {
        const Answer answered = answer(kind, request.is_admin() ? Detail::kAll : Detail::kWord);
        return HttpResponse::json(answered.is_good ? 200 : 503, answered.body).uncached();
    });
}

void HealthPlugin::serve_metrics() {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = "/metrics";
    routes_.add(host(), route, [this](const HttpRequest&) {
        watch_->show_metrics();
        const auto text = streamhost::Buffer::adopt(host().node().metrics_text(host().raw()));
        const char* type = "text/plain; version=0.0.4; charset=utf-8";
        return HttpResponse{200, {{"Content-Type", type}}, std::string(view(text))}.uncached();
    });
}

sh_status HealthPlugin::probe(void* self, std::uint32_t kind, const sh_buffer** body) noexcept {
    return streamhost::guard(nullptr, [&]() -> sh_status {
        if (body == nullptr || kind < SH_PROBE_LIVE || kind > SH_PROBE_DISTRIBUTED) return SH_INVALID;
        const Answer answered = of(self).answer(kind, Detail::kAll);
        const auto buffer = of(self).host().make_buffer(answered.body);
        if (!buffer) return SH_INTERNAL;
        buffer->retain(buffer.get());  // the caller's
        *body = buffer.get();
        return answered.is_good ? SH_OK : SH_UNAVAILABLE;
    });
}

void HealthPlugin::on_topic(void* self, sh_bytes /*topic*/, sh_bytes payload) noexcept {
    streamhost::guard(nullptr, [&] { of(self).watch_->heard(view(payload)); });
}

namespace {

constexpr const char* kProvides[] = {SH_SVC_HEALTH, nullptr};
constexpr const char* kUses[] = {SH_SVC_CHAT, SH_SVC_PUBSUB, SH_SVC_SESSION, nullptr};
constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "canary_interval_ms": {"type": "integer", "default": 1500, "minimum": 500, "maximum": 600000, "x-unit": "ms",
      "description": "How often a write to the store, an entry of a stream and a message through the topics are tried; what has not come back by the next time has failed, twice in a row is failing"},
    "stuck_after_ms": {"type": "integer", "default": 10000, "minimum": 1000, "maximum": 600000, "x-unit": "ms",
      "description": "An event loop that does not come back for so long is taken for stuck: /health/live answers 503"}
  }
})";

}  // namespace
}  // namespace health

STREAMHOST_PLUGIN(health::HealthPlugin, {.name = "health",
                                         .version = "1.0.0",
                                         .summary = "Health over HTTP, metrics, and a canary",
                                         .provides = health::kProvides,
                                         .uses = health::kUses,
                                         .schema = health::kSchema,
                                         .flags = SH_PLUGIN_STOPS_LAST})
