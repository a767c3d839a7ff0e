// The plugin as the host sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "streamhost/abi/svc/tracing.h"
#include "streamhost/plugin.hpp"

#include "exporter.hpp"
#include "sampler.hpp"
#include "settings.hpp"
#include "span_queue.hpp"
#include "telemetry.hpp"

namespace tracing {

class TracingPlugin : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override { settings_ = read_settings(config); }
    void start() override;
    // What is left goes out, as long as there is time.
    streamhost::DrainReport drain(std::uint32_t deadline_ms) override;
    void stop() override;

private:
    static TracingPlugin& of(void* self) { return *static_cast<TracingPlugin*>(self); }
    static void begin(void* self, const sh_trace_context* parent, sh_trace_context* out,
                      std::uint8_t parent_id[8]) noexcept;
    static void record(void* self, const sh_span* span) noexcept;
    static const sh_tracing kTable;

    [[nodiscard]] Exporter::Log log_of_collector();
    void tick();
    void export_later();

    Settings settings_;
    std::optional<Sampler> sampler_;
    std::unique_ptr<Telemetry> telemetry_;
    std::unique_ptr<SpanQueue> queue_;
    std::unique_ptr<Exporter> exporter_;
    std::atomic<bool> is_exporting_{false};
    bool winds_down_ = false;  // [control]
};

}  // namespace tracing
