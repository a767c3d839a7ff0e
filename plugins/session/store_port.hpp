// The store's registry and keys as this plugin uses them: every call answers once, on the store loop. [store]
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "streamhost/store.hpp"

#include "owner_check.hpp"
#include "presence.hpp"
#include "roster.hpp"

namespace session {

using Answer = streamhost::Host::Answer;

// An entry is taken away when it has lapsed for this part of a lease: with a heartbeat of a third of the
// lease, at most one and a half leases after its node died.
inline constexpr std::uint32_t kGraceOfLease = 6;

struct StorePortOptions {
    std::string node;
    std::uint32_t ttl_ms = 6'000;
};

class StorePort {
public:
    StorePort(const streamhost::Store& store, StorePortOptions options)
        : store_(store), options_(std::move(options)) {}

    void send(const Command& command, Answer answer);
    void ask_owner(std::string_view home, const OwnerCheck& check, Answer answer);
    // The nodes that hold the session, and the last one that did.
    void list_holders(std::string_view session, Answer answer);
    // Sessions of the user, or of all: at most so many, and how many there are.
    void list(std::string_view user, std::uint32_t max, Answer answer);
    void list_nodes(Answer answer);
    // Appends it to the session's stream.
    void say(const PresenceEntry& entry, Answer answer);

private:
    void put(const Command& command, Answer answer);
    void renew(const Command& command, Answer answer);

    streamhost::Store store_;
    StorePortOptions options_;
};

}  // namespace session
