#pragma once

#include "redis/driver/context.hpp"
#include "store/registry.hpp"

namespace streamhost::redis {

// Sessions and nodes. [store]
class RedisRegistry final : public store::RegistryCommands {
public:
    explicit RedisRegistry(Context& context) : context_(context) {}

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
    Context& context_;
};

}  // namespace streamhost::redis
