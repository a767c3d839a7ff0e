#include "settings.hpp"

#include "streamhost/status.hpp"

#include "echo_provider.hpp"
#include "openai_provider.hpp"

namespace chat {

using streamhost::Config;
using streamhost::Failure;

namespace {

std::uint32_t number(const Config& config, const std::string& path, std::uint32_t otherwise) {
    return static_cast<std::uint32_t>(config.integer(path, otherwise));
}

std::shared_ptr<Provider> make_openai(const Config& config, const std::string& at, const std::string& name,
                                      const streamhost::Host& host) {
    OpenAiOptions options;
    options.base_url = config.string(at + ".base_url");
    options.api_key = config.string(at + ".api_key");
    options.request.model = config.string(at + ".model");
    options.request.system_prompt = config.string(at + ".system_prompt");
    options.connect_timeout_ms = number(config, at + ".connect_timeout_ms", options.connect_timeout_ms);
    options.first_byte_timeout_ms =
        number(config, at + ".first_byte_timeout_ms", options.first_byte_timeout_ms);
    options.idle_timeout_ms = number(config, at + ".idle_timeout_ms", options.idle_timeout_ms);
    options.total_timeout_ms = number(config, at + ".total_timeout_ms", options.total_timeout_ms);
    options.retry.attempts = number(config, at + ".attempts", options.retry.attempts);
    options.ca_file = config.string(at + ".ca_file");
    options.verify_tls = config.boolean(at + ".verify_tls", true);
    const auto log = [&host, name](std::string_view text, int status) {
        host.warn(text, {{"provider", name}, {"status", std::to_string(status)}});
    };
    try {
        return std::make_shared<OpenAiProvider>(options, log);
    } catch (const Failure& failure) {
        throw Failure(failure.status(), "plugins.chat." + at + ": " + failure.what());
    }
}

std::shared_ptr<Provider> make_provider(const Config& config, const std::string& name,
                                        const streamhost::Host& host) {
    const std::string at = "providers." + name;
    const std::string type = config.string(at + ".type", "echo");
    if (type == "echo") return std::make_shared<EchoProvider>(number(config, at + ".delay_ms", 20));
    if (type == "openai") return make_openai(config, at, name, host);
    throw Failure(SH_INVALID, "plugins.chat." + at + ".type: no such type: " + type);
}

RemoteTerms remote_terms(const Config& config, const std::string& at) {
    RemoteTerms terms;
    terms.queue = config.string(at + ".queue", terms.queue);
    terms.policy = policy_of(config.string(at + ".policy", "fail"));
    terms.max_deliveries = number(config, at + ".max_deliveries", terms.max_deliveries);
    terms.wait_ms = number(config, at + ".wait_ms", terms.wait_ms);
    return terms;
}

WorkerSettings worker_settings(const Config& config, const Settings& settings) {
    WorkerSettings worker;
    worker.enabled = config.boolean("worker.enabled", false);
    if (!worker.enabled) return worker;
    worker.queue = config.string("worker.queue", worker.queue);
    worker.max_runs = number(config, "worker.max_runs", worker.max_runs);
    worker.name = config.string("worker.name");
    worker.provider = config.string("worker.provider");
    if (worker.provider.empty()) worker.provider = settings.provider;
    // Handed on it would only come back to a queue.
    if (settings.remotes.contains(worker.provider))
        throw Failure(SH_INVALID, "plugins.chat.worker.provider: " + worker.provider +
                                      " is of type remote, and a worker produces by itself: name a provider "
                                      "of another type");
    if (!settings.providers.contains(worker.provider))
        throw Failure(SH_INVALID, "plugins.chat.worker.provider: there is no plugins.chat.providers." +
                                      worker.provider + "; add it or choose another");
    return worker;
}

}  // namespace

Settings read_settings(const Config& config, const streamhost::Host& host) {
    Settings settings;
    settings.provider = config.string("provider", "echo");
    settings.max_pending = number(config, "max_pending", settings.max_pending);
    settings.context_messages = number(config, "context_messages", settings.context_messages);
    settings.stop_margin_ms = number(config, "stop_margin_ms", settings.stop_margin_ms);
    settings.providers["echo"] = make_provider(config, "echo", host);
    for (const std::string& name : config.keys("providers")) {
        const std::string at = "providers." + name;
        if (config.string(at + ".type", "echo") == "remote")
            settings.remotes[name] = remote_terms(config, at);
        else
            settings.providers[name] = make_provider(config, name, host);
    }
    if (!settings.has_provider(settings.provider))
        throw Failure(SH_INVALID, "plugins.chat.provider: there is no plugins.chat.providers." +
                                      settings.provider + "; add it or choose another");
    settings.worker = worker_settings(config, settings);
    return settings;
}

}  // namespace chat
