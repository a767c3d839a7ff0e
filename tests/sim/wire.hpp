// Between the driver's commands and the servers of the simulator: the driver encodes as it always does, and
// here that is read, and answered in what its parsers expect.
#pragma once

#include <string>
#include <string_view>

#include "sim/server.hpp"

namespace streamhost::sim {

// Streams as the driver names them.
[[nodiscard]] std::string id_of(std::size_t stream);
[[nodiscard]] std::string home_of_run(std::size_t run);
[[nodiscard]] std::size_t stream_of(std::string_view id);

// A script called by its hash.
[[nodiscard]] Command command_of(std::string_view resp);
[[nodiscard]] std::string resp_of(const Command& command, const Reply& reply);
// What a script publishes on the channel of a home, and the name of that.
[[nodiscard]] std::string message_of(const Effect& effect);
[[nodiscard]] std::string channel_of(std::size_t stream);

}  // namespace streamhost::sim
