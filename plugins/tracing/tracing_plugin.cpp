// Glue: the table of svc/tracing.h and the life cycle on one side, Sampler, SpanQueue and Exporter on the
// other.
#include "tracing_plugin.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include <unistd.h>

#include "streamhost/random.hpp"

#include "otlp.hpp"
#include "schema.hpp"

namespace tracing {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using streamhost::Failure;

namespace {

constexpr std::uint64_t kTickMs = 200;
// A host in a hurry gives no time at all; what is under way may still arrive.
constexpr milliseconds kLeastFlush{500};

// All zeros is no id (W3C Trace Context).
template <std::size_t Size>
void fill_id(std::uint8_t (&id)[Size]) {
    do {
        const auto bytes = streamhost::random_bytes<Size>();
        std::copy(bytes.begin(), bytes.end(), id);
    } while (std::all_of(std::begin(id), std::end(id), [](std::uint8_t byte) { return byte == 0; }));
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// The names that OpenTelemetry's semantic conventions give them.
Attributes resource_of(const Settings& settings, const streamhost::Host& host, std::string_view version) {
    Attributes out = settings.attributes;
    const auto add = [&out](const char* name, std::string value) {
        const bool is_there =
            std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.first == name; });
        if (!is_there && !value.empty()) out.emplace_back(name, std::move(value));
    };
    add("service.version", std::string(version));
    add("service.instance.id", host.node_id());
    add("host.name", host_name());
    return out;
}

// Of "streamhost/1.2.3".
std::string_view version_of(std::string_view server) {
    return server.substr(std::min(server.find('/'), server.size() - 1) + 1);
}

}  // namespace

const sh_tracing TracingPlugin::kTable = {sizeof(sh_tracing), 0, &TracingPlugin::begin,
                                          &TracingPlugin::record};

void TracingPlugin::start() {
    sampler_.emplace(settings_.sample_ratio);
    telemetry_ = std::make_unique<Telemetry>(host());
    queue_ = std::make_unique<SpanQueue>(settings_.queue_size);
    const std::string version(version_of(host().node().name(host().raw())));
    exporter_ =
        std::make_unique<Exporter>(settings_, encode_resource(resource_of(settings_, host(), version)),
                                   version, *queue_, *telemetry_, log_of_collector());
    if (host().every(SH_ON_SHORT, kTickMs, [this] { tick(); }) != SH_OK)
        throw Failure(SH_BUSY, "no timer for the export of spans");
    host().provide(SH_SVC_TRACING, &kTable, this);
}

Exporter::Log TracingPlugin::log_of_collector() {
    return [this](bool is_well, const std::string& what) {
        const std::string endpoint = settings_.target.url.getHost() + settings_.target.url.getPath();
        if (is_well) return host().info("the collector takes spans again", {{"endpoint", endpoint}});
        host().warn("the collector does not take spans", {{"endpoint", endpoint}, {"what", what}});
    };
}

void TracingPlugin::tick() {
    const auto now = steady_clock::now();
    telemetry_->queued(queue_->size());
    exporter_->look(now);
    if (exporter_->is_due(now)) export_later();
}

// On a thread of its own, since it may wait for a collector. Where none is free the next tick asks again.
void TracingPlugin::export_later() {
    if (is_exporting_.exchange(true)) return;
    const auto work = [this] {
        exporter_->run();
        is_exporting_ = false;
    };
    if (host().post(SH_ON_LONG, work) != SH_OK) is_exporting_ = false;
}

streamhost::DrainReport TracingPlugin::drain(std::uint32_t deadline_ms) {
    if (!winds_down_) {
        winds_down_ = true;
        const milliseconds most = std::max(settings_.flush_timeout, kLeastFlush);
        exporter_->wind_down(steady_clock::now() + std::clamp(milliseconds(deadline_ms), kLeastFlush, most));
    }
    exporter_->look(steady_clock::now());
    if (queue_->size() > 0 && !exporter_->is_over(steady_clock::now())) export_later();
    const bool is_done = !is_exporting_ && (queue_->size() == 0 || exporter_->is_over(steady_clock::now()));
    const auto left = static_cast<std::uint32_t>(std::max<std::size_t>(queue_->size(), 1));
    return {is_done ? 0 : left, is_done ? "" : "spans are on their way to the collector"};
}

void TracingPlugin::stop() { telemetry_->dropped(Dropped::kStopped, queue_->close()); }

void TracingPlugin::begin(void* self, const sh_trace_context* parent, sh_trace_context* out,
                          std::uint8_t parent_id[8]) noexcept {
    const TracingPlugin& plugin = of(self);
    const bool is_foreign = parent != nullptr && (parent->flags & SH_TRACE_FROM_CLIENT) != 0;
    const bool follows = parent != nullptr && (!is_foreign || plugin.settings_.follows_clients);
    fill_id(out->span_id);
    if (follows) {
        std::copy(std::begin(parent->trace_id), std::end(parent->trace_id), out->trace_id);
        std::copy(std::begin(parent->span_id), std::end(parent->span_id), parent_id);
        out->flags = parent->flags & (SH_TRACE_SAMPLED | SH_TRACE_RANDOM);
        out->state = parent->state;
        return;
    }
    fill_id(out->trace_id);
    std::fill_n(parent_id, 8, std::uint8_t{0});
    std::array<std::uint8_t, 16> id{};
    std::copy(std::begin(out->trace_id), std::end(out->trace_id), id.begin());
    out->flags = plugin.sampler_->keeps(id) ? SH_TRACE_SAMPLED : 0;
}

void TracingPlugin::record(void* self, const sh_span* span) noexcept {
    of(self).host().guarded(0, [&] {
        auto& plugin = of(self);
        if (!plugin.queue_->push(encode_span(*span), steady_clock::now()))
            plugin.telemetry_->dropped(Dropped::kQueueFull);
    });
}

namespace {

constexpr const char* kProvides[] = {SH_SVC_TRACING, nullptr};

}  // namespace
}  // namespace tracing

STREAMHOST_PLUGIN(tracing::TracingPlugin, {.name = "tracing",
                                           .version = "1.0.0",
                                           .summary = "Spans of traces, to a collector over OTLP",
                                           .provides = tracing::kProvides,
                                           .schema = tracing::kSchema})
