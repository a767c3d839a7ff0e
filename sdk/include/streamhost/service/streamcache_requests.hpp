// What the calls of svc/streamcache.h carry, kept for as long as the work takes. Each is made of the call's
// pointer and throws Failure(SH_INVALID) for what no streamcache can take.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"
#include "streamhost/status.hpp"
#include "streamhost/store.hpp"

namespace streamhost {

using OwnedRecords = std::vector<OwnedRecord>;

// The records have type and data; number, chain and fence are still to come.
[[nodiscard]] inline OwnedRecords own(const sh_item* items, std::uint32_t count) {
    OwnedRecords result(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        result[index].head.type = items[index].type;
        result[index].data = view(items[index].data);
    }
    return result;
}
[[nodiscard]] inline std::vector<sh_record> views(const OwnedRecords& owned) {
    std::vector<sh_record> result;
    result.reserve(owned.size());
    for (const OwnedRecord& record : owned)
        result.push_back(record.record());
    return result;
}

// SH_STREAM_* of an end record's data; SH_STREAM_UNKNOWN: no such outcome.
[[nodiscard]] inline std::uint32_t end_state_of(std::string_view data) {
    const std::string_view outcome = own_member(data, "outcome");
    if (outcome == "complete") return SH_STREAM_COMPLETE;
    if (outcome == "cancelled") return SH_STREAM_CANCELLED;
    if (outcome == "error") return SH_STREAM_ERROR;
    if (outcome == "lost") return SH_STREAM_LOST;
    return SH_STREAM_UNKNOWN;
}
// The outcome of a stream that is SH_STREAM_*; empty: it has no end.
[[nodiscard]] constexpr std::string_view outcome_of(std::uint32_t state) noexcept {
    switch (state) {
    case SH_STREAM_COMPLETE: return "complete";
    case SH_STREAM_CANCELLED: return "cancelled";
    case SH_STREAM_ERROR: return "error";
    case SH_STREAM_LOST: return "lost";
    default: return {};
    }
}

struct StreamAppend {
    using Wire = const sh_append*;
    StreamAppend() = default;
    explicit StreamAppend(Wire from)
        : stream(view(from->stream)),
          fence(from->fence),
          seq(from->seq),
          items(own(from->items, from->count)) {
        if (from->end.size > 0) add_end(view(from->end));
        if (items.empty() || seq == 0)
            throw Failure(SH_INVALID, "an append needs a number, and entries or an end");
    }
    void add_end(std::string_view data) {
        end_state = end_state_of(data);
        if (end_state == SH_STREAM_UNKNOWN) throw Failure(SH_INVALID, "an end needs an outcome that exists");
        OwnedRecord& end = items.emplace_back();
        end.head.type = SH_RECORD_END;
        end.data = data;
    }

    std::string stream;
    std::uint64_t fence = 0;
    std::uint64_t seq = 0;  // of the first item; 0: whatever is next, from write()
    OwnedRecords items;     // the end among them
    std::uint32_t end_state = SH_STREAM_OPEN;
};

// Numbers and chains the items that come after `at`; answers where they end. [any]
[[nodiscard]] inline sh_position chain(const Store& store, StreamAppend& append, sh_position at) {
    for (OwnedRecord& item : append.items) {
        item.head.seq = at.seq + 1;
        item.head.prev = at.check;
        item.head.fence = append.fence;
        item.head.check = store->chain(at.check, item.head.type, bytes(item.data));
        at = {item.head.seq, item.head.check};
    }
    return at;
}
// Writes what was chained. `producer` 0: the fence is proof enough. [store]
inline void run_append(const Store& store, const StreamAppend& append, std::uint64_t producer,
                       std::uint32_t lease_ms, Host::Answer answer) {
    const std::vector<sh_record> records = views(append.items);
    sh_store_append request{};
    request.struct_size = sizeof(request);
    request.count = static_cast<std::uint32_t>(records.size());
    request.stream = bytes(append.stream);
    request.records = records.data();
    request.fence = append.fence;
    request.producer = producer;
    request.end_state = append.end_state;
    request.lease_ms = lease_ms;
    store.run(&sh_store_ext::append, std::move(answer), &request);
}

struct StreamPublish {
    using Wire = const sh_publish*;
    explicit StreamPublish(Wire from)
        : stream(view(from->stream)), key(view(from->key)), items(own(from->items, from->count)) {}

    std::string stream, key;
    OwnedRecords items;
};

struct StreamSend {
    using Wire = const sh_send*;
    explicit StreamSend(Wire from)
        : session(view(from->session)),
          user(view(from->user)),
          key(view(from->key)),
          content_hash(view(from->content_hash)),
          run(view(from->run)),
          job(view(from->job)),
          answer(view(from->answer)) {
        const sh_item both[] = {{SH_RECORD_MESSAGE, 0, from->message_data},
                                {SH_RECORD_RUN, 0, from->run_data}};
        items = own(both, 2);
    }

    std::string session, user, key, content_hash, run, job, answer;
    OwnedRecords items;
};

struct StreamRange {
    using Wire = const sh_range*;
    static constexpr std::uint32_t kEntries = 1'000;
    static constexpr std::uint32_t kBytes = 4u << 20;

    explicit StreamRange(std::uint64_t first) : from(first) {}
    explicit StreamRange(Wire asked) : from(std::max<std::uint64_t>(1, asked->from)) {
        if (asked->max_entries > 0) max_entries = asked->max_entries;
        if (asked->max_bytes > 0 && asked->max_bytes < kBytes)
            max_bytes = static_cast<std::uint32_t>(asked->max_bytes);
    }

    std::uint64_t from;
    std::uint32_t max_entries = kEntries;
    std::uint32_t max_bytes = kBytes;
};

}  // namespace streamhost
