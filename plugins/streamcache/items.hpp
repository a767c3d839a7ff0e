// Records between the call that brought them and the command that carries them.
#pragma once

#include <string>
#include <vector>

#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/bytes.hpp"

namespace streamcache {

// Items that outlive the call which brought them.
[[nodiscard]] inline std::vector<streamhost::OwnedRecord> own(const sh_item* items, std::uint32_t count) {
    std::vector<streamhost::OwnedRecord> result(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        result[index].head.type = items[index].type;
        result[index].data = streamhost::view(items[index].data);
    }
    return result;
}

[[nodiscard]] inline std::vector<sh_record> views(const std::vector<streamhost::OwnedRecord>& owned) {
    std::vector<sh_record> result;
    result.reserve(owned.size());
    for (const auto& record : owned)
        result.push_back(record.record());
    return result;
}

}  // namespace streamcache
