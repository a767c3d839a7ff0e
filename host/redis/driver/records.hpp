#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/driver/call.hpp"
#include "store/buffer.hpp"
#include "store/record.hpp"
#include "store/streams.hpp"

namespace streamhost::redis {

// How streams look in the server, shared by the scripts (driver/lua) and by whoever reads what they left.
//
// An entry:   seq | prev | check | fence | type | ts | data
//             the checks as 16 hex digits; the type's letter, and where the data is deflated (zlib, RFC 1950)
//             "z" and its true size
// A message:  id | size of the entry | entry | size of the entry | entry ...
// A stream's fields:  mode | state | base | its check | head | its check | fence | pid | lease end | claims |
//             created in us | touched | bytes of data
//
// All parsers answer nothing for what the scripts would not have written.

// Data from this size on is deflated where that makes it smaller.
inline constexpr std::size_t kDeflateFrom = 4096;

// An entry as two arguments: up to the time, and what follows it; the second one is empty where the record
// has its time, and the first one is the whole.
void add_entry(Call& call, const store::Record& record, std::uint64_t fence);

// `entry` lies in `owner`: data that was not deflated is a part of it.
[[nodiscard]] std::optional<store::Record> parse_entry(std::string_view entry, const store::Buffer& owner);

struct StreamMessage {
    std::string_view id;
    std::vector<store::Record> records;
};
[[nodiscard]] std::optional<StreamMessage> parse_message(const store::Buffer& payload);

struct StreamFields {
    store::StreamInfo info;  // without the user
    std::int64_t created_us = 0;
};
// `now_ms` is the store's time.
[[nodiscard]] std::optional<StreamFields> parse_fields(std::string_view fields, std::int64_t now_ms);

[[nodiscard]] std::string_view letter_of(store::State state) noexcept;

}  // namespace streamhost::redis
