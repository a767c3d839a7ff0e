#include "settings.hpp"

#include "streamhost/status.hpp"

#include "echo_provider.hpp"

namespace chat {

using streamhost::Config;
using streamhost::Failure;

namespace {

std::uint32_t number(const Config& config, const std::string& path, std::uint32_t otherwise) {
    return static_cast<std::uint32_t>(config.integer(path, otherwise));
}

std::shared_ptr<Provider> make_provider(const Config& config, const std::string& name,
                                        const streamhost::Host& /*host*/) {
    const std::string at = "providers." + name;
    const std::string type = config.string(at + ".type", "echo");
    if (type == "echo") return std::make_shared<EchoProvider>(number(config, at + ".delay_ms", 20));
    throw Failure(SH_INVALID, "plugins.chat." + at + ".type: no such type: " + type);
}

}  // namespace

Settings read_settings(const Config& config, const streamhost::Host& host) {
    Settings settings;
    settings.provider = config.string("provider", "echo");
    settings.max_pending = number(config, "max_pending", settings.max_pending);
    settings.context_messages = number(config, "context_messages", settings.context_messages);
    settings.stop_margin_ms = number(config, "stop_margin_ms", settings.stop_margin_ms);
    settings.providers["echo"] = make_provider(config, "echo", host);
    for (const std::string& name : config.keys("providers"))
        settings.providers[name] = make_provider(config, name, host);
    if (!settings.providers.contains(settings.provider))
        throw Failure(SH_INVALID, "plugins.chat.provider: there is no plugins.chat.providers." +
                                      settings.provider + "; add it or choose another");
    return settings;
}

}  // namespace chat
