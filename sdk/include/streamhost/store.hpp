// The store's commands (abi/ext/store.h) with closures for answers.
#pragma once

#include <span>
#include <utility>

#include "streamhost/abi/ext/store.h"
#include "streamhost/host.hpp"

namespace streamhost {

// Cheap to copy; valid as long as the plugin whose host it was made with.
class Store {
public:
    // Throws Failure when this host has no store. [control]
    explicit Store(Host& host) : host_(&host), table_(host.require<sh_store_ext>(SH_EXT_STORE)) {}

    // store.run(&sh_store_ext::tail, answer, &id, 1): the command with its arguments between host and token.
    // What the arguments show must live until run() returns. `answer` runs once, as Host::command says.
    // [store]
    template <typename Command, typename... Arguments>
    void run(Command sh_store_ext::*command, Host::Answer answer, Arguments... arguments) const {
        host_->command(
            [&](std::uint64_t token) { return (table_->*command)(host_->raw(), arguments..., token); },
            std::move(answer));
    }
    // An answer that is the ticket's as it comes.
    [[nodiscard]] Host::Answer pass_on(sh_ticket ticket) const {
        return [host = host_, ticket](const sh_result& result) { host->complete(ticket, result); };
    }
    // Whether this host has a command that came later: has(&sh_store_ext::rate_take).
    template <typename Command>
    [[nodiscard]] bool has(Command sh_store_ext::*command) const noexcept {
        return streamhost::has(*table_, table_->*command);
    }
    [[nodiscard]] const sh_store_ext* operator->() const noexcept { return table_; }

private:
    Host* host_;
    const sh_store_ext* table_;
};

// The streams that a tail or a list of runs told of; none where it failed.
[[nodiscard]] inline std::span<const sh_stream_info> infos_of(const sh_result& result) noexcept {
    if (result.status != SH_OK || result.body == nullptr) return {};
    return {reinterpret_cast<const sh_stream_info*>(result.body->data),
            static_cast<std::size_t>(result.count)};
}

// A stream that nobody has written is an answer, not a failure.
[[nodiscard]] inline sh_result or_unknown(const sh_result& result) {
    if (result.status != SH_NOT_FOUND) return result;
    sh_result unknown = Host::make_result(SH_OK);
    unknown.state = SH_STREAM_UNKNOWN;
    return unknown;
}

}  // namespace streamhost
