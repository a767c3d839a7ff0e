// What operators ask of one entry, over HTTP on the admin listener: GET /admin/v1/entries/STREAM/SEQ. Where
// the entry stands, who wrote it as far as this node knows, and never what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/async.h"
#include "streamhost/http.hpp"

#include "claim_book.hpp"

namespace streamcache {

struct EntryQuestion {
    std::string stream;
    std::uint64_t seq = 0;
};
// Nothing for another path. Pure. [any]
[[nodiscard]] std::optional<EntryQuestion> entry_of_path(std::string_view path);

// The answer as JSON; `read` is the store's to a read of one entry from `seq`. Throws
// Failure(SH_NOT_FOUND) with what there is instead. Pure. [any]
[[nodiscard]] std::string entry_json(const EntryQuestion& question, const sh_result& read,
                                     std::string_view node, const ClaimBook& book);

// What of this plugin is asked for over HTTP alone.
struct EntryTable {
    // SH_OK: body = entry_json(). [any]
    void (*entry)(void* self, sh_bytes stream, std::uint64_t seq, sh_ticket ticket);
};

class EntryRoute {
public:
    // [control]
    void add(streamhost::Host& host, streamhost::Lease<EntryTable> entries);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace streamcache
