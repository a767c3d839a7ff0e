#include "settings.hpp"

#include <algorithm>

#include "streamhost/status.hpp"

namespace tracing {

using streamhost::Config;
using streamhost::Failure;

namespace {

std::chrono::milliseconds time(const Config& config, const char* key, std::chrono::milliseconds otherwise) {
    return std::chrono::milliseconds(config.integer(key, otherwise.count()));
}

std::size_t count(const Config& config, const char* key, std::size_t otherwise) {
    return static_cast<std::size_t>(config.integer(key, static_cast<std::int64_t>(otherwise)));
}

Attributes read_attributes(const Config& config) {
    Attributes out{{"service.name", config.string("service_name", "streamhost")}};
    for (std::uint64_t index = 0; index < config.size("resource_attributes"); ++index) {
        const std::string at = "resource_attributes." + std::to_string(index);
        const std::string text = config.string(at);
        const std::size_t sign = text.find('=');
        if (sign == 0 || sign == std::string::npos || sign + 1 == text.size())
            throw Failure(SH_INVALID, "plugins.tracing." + at +
                                          ": is a name and a value, such as "
                                          "deployment.environment.name=production");
        const std::string name = text.substr(0, sign);
        const bool is_twice =
            std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.first == name; });
        if (is_twice) throw Failure(SH_INVALID, "plugins.tracing." + at + ": " + name + " is there twice");
        out.emplace_back(name, text.substr(sign + 1));
    }
    return out;
}

}  // namespace

Settings read_settings(const Config& config) {
    Settings settings;
    settings.target = make_target(config.string("endpoint", "http://127.0.0.1:4318/v1/traces"),
                                  config.string("ca_file"), config.boolean("verify_tls", true));
    settings.headers_file = config.string("headers_file");
    if (!settings.headers_file.empty()) settings.headers = read_headers(read_file(settings.headers_file));
    settings.sample_ratio = config.number("sample_ratio", settings.sample_ratio);
    settings.follows_clients = config.boolean("follow_clients", settings.follows_clients);
    settings.queue_size = count(config, "queue_size", settings.queue_size);
    settings.batch_size = count(config, "batch_size", settings.batch_size);
    settings.interval = time(config, "interval_ms", settings.interval);
    settings.timeout = time(config, "timeout_ms", settings.timeout);
    settings.retry_for = time(config, "retry_for_ms", settings.retry_for);
    settings.flush_timeout = time(config, "flush_timeout_ms", settings.flush_timeout);
    settings.attributes = read_attributes(config);
    if (settings.batch_size > settings.queue_size)
        throw Failure(SH_INVALID,
                      "plugins.tracing.batch_size is more than queue_size: such a batch never fills");
    return settings;
}

}  // namespace tracing
