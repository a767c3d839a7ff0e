// Topics: what is said now and kept nowhere. Subscriptions of this node's plugins, counted, so that the store
// knows each topic once. All of it on the store loop.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/store.hpp"

namespace pubsub {

class Topics {
public:
    explicit Topics(streamhost::Host& host);
    Topics(const Topics&) = delete;
    Topics& operator=(const Topics&) = delete;

    void publish(std::string_view topic, std::string_view payload, sh_ticket ticket);
    void subscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket);
    void unsubscribe(std::string_view topic, bool is_pattern, const sh_lease* events, sh_ticket ticket);
    // From the store. `pattern` empty: a plain subscription.
    void message(std::string_view pattern, std::string_view topic, std::string_view payload);

private:
    using Key = std::pair<bool, std::string>;  // is_pattern, name

    streamhost::Host& host_;
    streamhost::Store store_;
    std::map<Key, std::vector<const sh_lease*>> subscribers_;
    streamhost::Metric published_;
    streamhost::Metric received_;
    streamhost::Metric unheard_;
};

}  // namespace pubsub
