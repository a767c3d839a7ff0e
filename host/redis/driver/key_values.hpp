#pragma once

#include "redis/driver/context.hpp"
#include "redis/driver/nonce.hpp"
#include "store/keys.hpp"

namespace streamhost::redis {

// Small values, each a hash with an end, shared rates, and the last messages of a home. [store]
class RedisKeyValues final : public store::KeyCommands {
public:
    explicit RedisKeyValues(Context& context) : context_(context) {}

    store::Submit key_get(const store::KeyGetRequest& request, store::KeyDone done) override;
    store::Submit key_set(const store::KeySetRequest& request, store::KeyDone done) override;
    store::Submit key_remove(const store::KeyRemoveRequest& request, store::KeyDone done) override;
    store::Submit rate_take(const store::RateTakeRequest& request, store::RateDone done) override;
    store::Submit history_push(const store::HistoryPushRequest& request, store::HistoryDone done) override;
    store::Submit history_list(const store::HistoryListRequest& request, store::HistoryDone done) override;
    store::Submit history_clear(const store::HistoryClearRequest& request, store::HistoryDone done) override;

private:
    [[nodiscard]] Call history_call(const Script& script, std::string_view home) const;

    Context& context_;
    Nonces nonces_;
};

}  // namespace streamhost::redis
