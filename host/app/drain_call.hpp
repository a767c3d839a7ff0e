#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/drain.hpp"

namespace streamhost::app {

/// What is to go: the clients alone, so that the node stays to be looked at, or the process after them.
enum class Leave : std::uint8_t { clients = 1, process };

struct DrainView {
    std::optional<Drain::State> state;  ///< nothing: the node serves
    bool is_ending = false;
    std::uint64_t elapsed_ms = 0;
    std::uint64_t clients_ms = 0;  ///< until the last client is asked to leave
    std::uint64_t websockets = 0;
    std::uint64_t websockets_at_start = 0;
    std::uint32_t window_ms = 0;
};

/// The body of POST /admin/v1/drain: empty, or {"exit": true or false}. Nothing for anything else: a typing
/// error must not send anybody away, nor end a process. [any]
[[nodiscard]] std::optional<Leave> parse_drain_order(const std::string& body);

/// The answer of the node of that name. `runs`: answers that are still produced here; nothing where nobody
/// counts them. [any]
[[nodiscard]] std::string to_json(const std::string& node, const DrainView& view,
                                  std::optional<std::uint64_t> runs);

}  // namespace streamhost::app
