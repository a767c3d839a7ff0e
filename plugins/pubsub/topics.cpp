#include "topics.hpp"

#include <algorithm>

namespace pubsub {

using streamhost::bytes;
using streamhost::Host;

namespace {

std::uint8_t flag(bool is_pattern) { return is_pattern ? 1 : 0; }

}  // namespace

Topics::Topics(Host& host)
    : host_(host),
      store_(host),
      published_(host.counter("pubsub_messages_total", "Topic messages", {{"direction", "out"}})),
      received_(host.counter("pubsub_messages_total", "Topic messages", {{"direction", "in"}})),
      unheard_(host.counter("pubsub_unheard_total", "Topic messages that no node subscribed to")) {}

void Topics::publish(std::string_view topic, std::string_view payload, sh_ticket ticket) {
    const auto tell = [this, ticket](const sh_result& result) {
        if (result.status == SH_OK) published_.add();
        if (result.status == SH_OK && result.count == 0) unheard_.add();
        host_.complete(ticket, result);
    };
    store_.run(&sh_store_ext::topic_publish, tell, bytes(topic), bytes(payload));
}

void Topics::subscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket) {
    auto& leases = subscribers_[{is_pattern, std::string(topic)}];
    if (std::find(leases.begin(), leases.end(), events) == leases.end()) leases.push_back(events);
    // Asked each time: the answer says that messages flow, also for the second subscriber.
    store_.run(&sh_store_ext::topic_subscribe, store_.pass_on(ticket), bytes(topic), flag(is_pattern));
}

void Topics::unsubscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket) {
    const auto found = subscribers_.find({is_pattern, std::string(topic)});
    if (found == subscribers_.end()) return host_.complete(ticket, SH_NOT_FOUND);
    std::erase(found->second, events);
    if (!found->second.empty()) return host_.complete(ticket, SH_OK);
    subscribers_.erase(found);
    store_.run(&sh_store_ext::topic_unsubscribe, store_.pass_on(ticket), bytes(topic), flag(is_pattern));
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
