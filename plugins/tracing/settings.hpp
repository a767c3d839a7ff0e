// The section plugins.tracing as values. [control]
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "streamhost/config.hpp"

#include "collector.hpp"
#include "otlp.hpp"

namespace tracing {

struct Settings {
    Target target;
    std::string headers_file;  // or empty
    HeaderList headers;        // as the file held them at the start
    double sample_ratio = 1;
    bool follows_clients = true;
    std::size_t queue_size = 2'048;
    std::size_t batch_size = 512;
    std::chrono::milliseconds interval{5'000};
    std::chrono::milliseconds timeout{10'000};
    std::chrono::milliseconds retry_for{60'000};
    std::chrono::milliseconds flush_timeout{5'000};
    Attributes attributes;  // of the resource, service.name first
};

// Throws Failure(SH_INVALID) with what to change.
[[nodiscard]] Settings read_settings(const streamhost::Config& config);

}  // namespace tracing
