#include "topics.hpp"

#include <algorithm>

namespace pubsub {

using streamhost::bytes;
using streamhost::Host;

Topics::Topics(Host& host)
    : host_(host),
      store_(host.require<sh_store_ext>(SH_EXT_STORE)),
      published_(host.counter("pubsub_messages_total", "Topic messages", {{"direction", "out"}})),
      received_(host.counter("pubsub_messages_total", "Topic messages", {{"direction", "in"}})) {}

Host::Answer Topics::pass_on(sh_ticket ticket) {
    return [this, ticket](const sh_result& result) { host_.complete(ticket, result); };
}

void Topics::refuse(std::uint64_t token, sh_ticket ticket, sh_status status) {
    host_.forget(token);
    host_.complete(ticket, status);
}

void Topics::publish(std::string_view topic, std::string_view payload, sh_ticket ticket) {
    const std::uint64_t token = host_.expect(pass_on(ticket));
    const sh_status status = store_->topic_publish(host_.raw(), bytes(topic), bytes(payload), token);
    if (status != SH_OK) return refuse(token, ticket, status);
    published_.add();
}

void Topics::subscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket) {
    auto& leases = subscribers_[{is_pattern, std::string(topic)}];
    if (std::find(leases.begin(), leases.end(), events) == leases.end()) leases.push_back(events);
    // Asked each time: the answer says that messages flow, also for the second subscriber.
    const std::uint64_t token = host_.expect(pass_on(ticket));
    const sh_status status = store_->topic_subscribe(host_.raw(), bytes(topic), is_pattern ? 1 : 0, token);
    if (status != SH_OK) refuse(token, ticket, status);
}

void Topics::unsubscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket) {
    const auto found = subscribers_.find({is_pattern, std::string(topic)});
    if (found == subscribers_.end()) return host_.complete(ticket, SH_NOT_FOUND);
    std::erase(found->second, events);
    if (!found->second.empty()) return host_.complete(ticket, SH_OK);
    subscribers_.erase(found);
    const std::uint64_t token = host_.expect(pass_on(ticket));
    const sh_status status = store_->topic_unsubscribe(host_.raw(), bytes(topic), is_pattern ? 1 : 0, token);
    if (status != SH_OK) refuse(token, ticket, status);
}

void Topics::message(std::string_view pattern, std::string_view topic, std::string_view payload) {
    received_.add();
    const bool is_pattern = !pattern.empty();
    const auto found = subscribers_.find({is_pattern, std::string(is_pattern ? pattern : topic)});
    if (found == subscribers_.end()) return;
    const auto leases = found->second;  // a subscriber may unsubscribe from inside
    for (const sh_lease* lease : leases) {
        (void)host_.lease<sh_topic_events>(lease).call([&](const sh_topic_events& events, void* self) {
            events.message(self, bytes(topic), bytes(payload));
        });
    }
}

}  // namespace pubsub
