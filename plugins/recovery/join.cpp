#include "join.hpp"

namespace recovery {

using streamhost::view;

namespace {

// How many records from `first` on make one: text up to the bound, anything else alone.
std::size_t run_length(std::span<const sh_record> records, std::size_t first, std::size_t max_bytes) {
    if (records[first].type != SH_RECORD_TEXT) return 1;
    std::size_t size = 0;
    std::size_t count = 0;
    while (first + count < records.size() && records[first + count].type == SH_RECORD_TEXT) {
        size += static_cast<std::size_t>(records[first + count].data.size);
        if (count > 0 && size > max_bytes) break;
        ++count;
    }
    return count;
}

}  // namespace

Joined join_text(std::span<const sh_record> records, std::size_t max_bytes) {
    Joined joined;
    joined.texts.reserve(records.size());  // views into the strings must not move
    for (std::size_t first = 0; first < records.size();) {
        const std::size_t count = run_length(records, first, max_bytes);
        sh_record record = records[first + count - 1];
        if (count > 1) {
            std::string& text = joined.texts.emplace_back();
            for (std::size_t index = first; index < first + count; ++index)
                text += view(records[index].data);
            record.data = streamhost::bytes(text);
            record.prev = records[first].prev;
            record.joined_from = records[first].seq;
        }
        joined.records.push_back(record);
        first += count;
    }
    return joined;
}

}  // namespace recovery
