// Replays join adjacent text into one record: a reader that was away for a thousand tokens gets one frame,
// not a thousand.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "streamhost/bytes.hpp"

namespace recovery {

// The joined records and what they point to. Views into the input where nothing was joined; both must outlive
// the use.
struct Joined {
    std::vector<sh_record> records;
    std::vector<std::string> texts;
};

// Text is joined up to `max_bytes` per record; other records stay as they are. Pure.
[[nodiscard]] Joined join_text(std::span<const sh_record> records, std::size_t max_bytes);

}  // namespace recovery
