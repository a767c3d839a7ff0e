// What `history` takes from the store, whichever way it was asked for. [loop]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "door.hpp"
#include "errors.hpp"
#include "history_scan.hpp"

namespace gateway {

struct HistoryRead {
    std::string session;
    HistoryScan scan;
    std::int64_t end_ms = 0;  // of all its reads together
};

// Answers once, on `on`: SH_OK when the scan is done.
void read_history(Door& door, sh_target on, const std::shared_ptr<HistoryRead>& read, Answer done);
// Why there is no history to tell, if so.
[[nodiscard]] std::optional<Error> history_error(const HistoryRead& read, const sh_result& result);

}  // namespace gateway
