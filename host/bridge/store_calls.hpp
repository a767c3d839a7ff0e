#pragma once

#include <cstdint>

#include "streamhost/abi/ext/store.h"

#include "bridge/store_hub.hpp"

namespace streamhost::bridge {

// The store extension, one file per group of commands: store_streams.cpp, store_channels.cpp,
// store_registry.cpp, store_work.cpp (open runs, locks, keys, queues). Each function checks the role, copies
// what outlives the call, calls one command, and translates its answer.

void fill_streams(sh_store_ext& table);
void fill_channels(sh_store_ext& table);
void fill_registry(sh_store_ext& table);
void fill_work(sh_store_ext& table);

[[nodiscard]] inline StoreHub& hub_of(const sh_host* host) { return *house_of(host).store; }
[[nodiscard]] inline bool on_store(const char* what) {
    return runtime::check_role(runtime::Role::store, what);
}
[[nodiscard]] inline std::uint32_t timeout(std::uint32_t asked_ms) {
    return asked_ms == 0 ? store::kDefaultTimeoutMs : asked_ms;
}
/// The one copy on the way: the store keeps this buffer, and readers share it.
[[nodiscard]] inline store::Buffer copy(sh_bytes data) { return store::Buffer::copy_of(view(data)); }

[[nodiscard]] sh_status to_status(store::Submit submit);
void set_status(store::Status status, sh_result& out);
void channel_result(const store::ChannelResult& result, sh_result& out);

}  // namespace streamhost::bridge
