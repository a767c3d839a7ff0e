// The plugin as the host sees it.
#pragma once

#include <memory>

#include "streamhost/abi/svc/health.h"
#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"

#include "watch.hpp"

namespace health {

class HealthPlugin : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void start() override;

private:
    enum class Detail { kWord = 1, kAll };

    static HealthPlugin& of(void* self) { return *static_cast<HealthPlugin*>(self); }
    void add_routes();
    [[nodiscard]] Answer answer(std::uint32_t kind, Detail detail);  // [worker]
    void serve(std::uint32_t listeners, const char* path, std::uint32_t kind);
    void serve_metrics();

    static sh_status probe(void* self, std::uint32_t kind, const sh_buffer** body) noexcept;
    static void on_topic(void* self, sh_bytes topic, sh_bytes payload) noexcept;
    static const sh_health kTable;
    static const sh_topic_events kTopicEvents;

    WatchOptions options_;
    std::unique_ptr<Watch> watch_;
    streamhost::HttpRoutes routes_;
};

}  // namespace health
