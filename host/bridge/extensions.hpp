#pragma once

#include <cstdint>

#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/ext/exchange.h"
#include "streamhost/abi/ext/http.h"
#include "streamhost/abi/ext/limits.h"
#include "streamhost/abi/ext/log.h"
#include "streamhost/abi/ext/metrics.h"
#include "streamhost/abi/ext/node.h"
#include "streamhost/abi/ext/service.h"
#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/ext/task.h"
#include "streamhost/abi/ext/websocket.h"

namespace streamhost::bridge {

// The tables given to plugins, one file each: log.cpp, task.cpp ... A function there checks the role, copies
// its arguments and calls one thing.
[[nodiscard]] const sh_log_ext& log_table();
[[nodiscard]] const sh_task_ext& task_table();
[[nodiscard]] const sh_async_ext& async_table();
[[nodiscard]] const sh_service_ext& service_table();
[[nodiscard]] const sh_metrics_ext& metrics_table();
[[nodiscard]] const sh_node_ext& node_table();
[[nodiscard]] const sh_http_ext& http_table();
[[nodiscard]] const sh_websocket_ext& websocket_table();
[[nodiscard]] const sh_exchange_ext& exchange_table();
[[nodiscard]] const sh_limits_ext& limits_table();  // in websocket.cpp, with the connections
[[nodiscard]] const sh_delivery_ext& delivery_table();
[[nodiscard]] const sh_store_ext& store_table();

/// task_table() says how many loops there are: known once, before the first plugin.
void set_loop_count(std::uint32_t count);

/// The public side whose connections the functions of websocket.cpp and exchange.cpp reach; nullptr before it
/// exists and after it is gone. [control]
class TransportHub;
class LoopTransport;
void set_transport(TransportHub* hub);
[[nodiscard]] TransportHub* transport();  // [any]
/// The loop that has the connection, if this is it; else nullptr, and `what` is blamed on the caller. [loop]
[[nodiscard]] LoopTransport* loop_here(std::uint64_t connection, const char* what);

}  // namespace streamhost::bridge
