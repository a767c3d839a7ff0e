#include <string>

#include "bridge/store_calls.hpp"

namespace streamhost::bridge {

void channel_result(const store::ChannelResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.receivers;
}

namespace {

Channel home_channel(sh_bytes home) { return {Channel::Kind::home, std::string(view(home))}; }
Channel topic_channel(sh_bytes topic, std::uint8_t pattern) {
    return {pattern != 0 ? Channel::Kind::pattern : Channel::Kind::topic, std::string(view(topic))};
}

sh_status subscribe(const sh_host* host, sh_bytes home, std::uint64_t token) {
    if (!on_store("store.subscribe")) return SH_WRONG_ROLE;
    return hub_of(host).subscribe(host, home_channel(home), token);
}

sh_status unsubscribe(const sh_host* host, sh_bytes home, std::uint64_t token) {
    if (!on_store("store.unsubscribe")) return SH_WRONG_ROLE;
    return hub_of(host).unsubscribe(host, home_channel(home), token);
}

sh_status topic_publish(const sh_host* host, sh_bytes topic, sh_bytes payload, std::uint64_t token) {
    if (!on_store("store.topic_publish")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().channels().topic_publish(
        {.topic = view(topic), .payload = copy(payload)}, hub_of(host).answer(host, token, channel_result)));
}

sh_status topic_subscribe(const sh_host* host, sh_bytes topic, std::uint8_t pattern, std::uint64_t token) {
    if (!on_store("store.topic_subscribe")) return SH_WRONG_ROLE;
    return hub_of(host).subscribe(host, topic_channel(topic, pattern), token);
}

sh_status topic_unsubscribe(const sh_host* host, sh_bytes topic, std::uint8_t pattern, std::uint64_t token) {
    if (!on_store("store.topic_unsubscribe")) return SH_WRONG_ROLE;
    return hub_of(host).unsubscribe(host, topic_channel(topic, pattern), token);
}

}  // namespace

void fill_channels(sh_store_ext& table) {
    table.subscribe = &subscribe;
    table.unsubscribe = &unsubscribe;
    table.topic_publish = &topic_publish;
    table.topic_subscribe = &topic_subscribe;
    table.topic_unsubscribe = &topic_unsubscribe;
}

}  // namespace streamhost::bridge
