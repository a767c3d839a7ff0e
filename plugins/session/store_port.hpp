// The store's registry and keys as this plugin uses them: every call answers once, on the store loop. [store]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/host.hpp"

#include "owner_check.hpp"
#include "roster.hpp"

namespace session {

using Answer = streamhost::Host::Answer;

// An entry is taken away when it has lapsed for this part of a lease: with a heartbeat of a third of the
// lease, at most one and a half leases after its node died.
inline constexpr std::uint32_t kGraceOfLease = 6;

struct StorePortOptions {
    std::uint32_t ttl_ms = 6'000;
};

class StorePort {
public:
    StorePort(streamhost::Host& host, const sh_store_ext* store, StorePortOptions options)
        : host_(host), store_(store), options_(options) {}

    void send(const Command& command, Answer answer);
    void ask_owner(std::string_view home, const OwnerCheck& check, Answer answer);
    // One of session and user, or neither.
    void list(std::string_view session, std::string_view user, std::uint32_t max, Answer answer);
    void list_nodes(Answer answer);

private:
    [[nodiscard]] sh_status call(const Command& command, std::uint64_t token) const;
    [[nodiscard]] sh_status put(const Command& command, std::uint64_t token) const;
    [[nodiscard]] sh_status renew(const Command& command, std::uint64_t token) const;

    streamhost::Host& host_;
    const sh_store_ext* store_;
    StorePortOptions options_;
};

}  // namespace session
