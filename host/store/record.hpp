#pragma once
// The entry of a stream as the store keeps and delivers it. The store looks at no byte of the data.

#include <cstdint>

#include "store/buffer.hpp"

namespace streamhost::store {

/// What an entry is. The letters are stored and hashed: never change one.
enum class Type : char {
    kText = 't',     ///< Run: the content of a JSON string, escaped, without its quotes.
    kPart = 'p',     ///< Run or plain stream: any JSON object.
    kRun = 'r',      ///< Session: a run state object.
    kMessage = 'm',  ///< Session: a message object.
    kEnd = 'e',      ///< The last entry of a run: the JSON members of the end frame.
};

/// One entry. `prev` and `check` are the chain of chain.hpp; `fence` is the producer's (0 on shared streams);
/// `ts_ms` Unix time.
struct Record {
    std::uint64_t seq = 0;
    std::uint64_t prev = 0;
    std::uint64_t check = 0;
    std::uint64_t fence = 0;
    std::int64_t ts_ms = 0;
    Type type = Type::kText;
    Buffer data;
};

/// An entry before the store numbers it (shared streams).
struct Entry {
    Type type = Type::kPart;
    Buffer data;
};

}  // namespace streamhost::store
