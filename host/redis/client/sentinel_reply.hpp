#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/client/resolver.hpp"
#include "redis/resp.hpp"

namespace streamhost::redis {

// What Sentinels answer, as plain values; nothing of the reply is kept. What does not look like the
// documented form (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/) reads as no
// answer.

// Of SENTINEL MASTER: config epoch and state, or why there is none. The address in it is the old one until
// the end of a failover, while the epoch is already the new one: take it from the other command.
[[nodiscard]] SentinelAnswer read_master(const RespValue& reply);
// Of SENTINEL GET-MASTER-ADDR-BY-NAME, asked behind SENTINEL MASTER so that an address is never older than
// its epoch.
void read_address(const RespValue& reply, SentinelAnswer& answer);
// Of SENTINEL SENTINELS: the others.
[[nodiscard]] std::vector<Address> read_sentinels(const RespValue& reply);
// Whether the payload of "+switch-master" is about this master.
[[nodiscard]] bool is_switch_of(std::string_view payload, std::string_view name);

}  // namespace streamhost::redis
