#pragma once

#include <string_view>

#include "redis/driver/context.hpp"
#include "redis/driver/nonce.hpp"
#include "store/registry.hpp"

namespace streamhost::redis {

// Sessions and nodes. The lapses of all entries are one sorted set, so that expiry is a range of it and one
// script takes what it returns; beside it the entries are found by name, by user and by node
// (driver/lua/parts/sessions.lua). Every key has an end of its own. [store]
class RedisRegistry final : public store::RegistryCommands {
public:
    explicit RedisRegistry(Context& context);

    store::Submit session_put(const store::SessionPutRequest& request, store::SessionDone done) override;
    store::Submit session_renew(const store::SessionRenewRequest& request, store::SessionDone done) override;
    store::Submit session_remove(const store::SessionRemoveRequest& request,
                                 store::SessionDone done) override;
    store::Submit session_list(const store::SessionListRequest& request, store::SessionDone done) override;
    store::Submit session_expire(const store::SessionExpireRequest& request,
                                 store::SessionDone done) override;
    store::Submit node_put(const store::NodePutRequest& request, store::NodeDone done) override;
    store::Submit node_remove(const store::NodeRemoveRequest& request, store::NodeDone done) override;
    store::Submit node_list(const store::NodeListRequest& request, store::NodeDone done) override;

private:
    [[nodiscard]] Call session_call(const Script& script) const;
    // One order for all: whoever puts an entry and then lists finds it.
    [[nodiscard]] CallOptions in_order(std::uint32_t timeout_ms) const { return {sessions_, timeout_ms}; }

    Context& context_;
    Nonces nonces_;
    const std::string sessions_;
    const std::string nodes_;
};

}  // namespace streamhost::redis
