#pragma once

#include <memory>

#include "redis/driver/context.hpp"
#include "redis/port.hpp"
#include "store/store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::redis {

// The store over a Redis server: every command one script, so that it happens whole or not at all, whatever
// becomes of the connection. Starts the port, and closes it at shutdown; `port`, `loop` and `sink` outlive
// the store. [store]
[[nodiscard]] std::unique_ptr<store::Store> make_redis_store(RedisStoreOptions options, Port& port,
                                                             store::StoreLoop& loop, store::LiveSink& sink);

}  // namespace streamhost::redis
