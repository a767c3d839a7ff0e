#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/delivery.h"

#include "delivery/record.hpp"
#include "net/connection_events.hpp"

namespace streamhost::bridge {

/// The problem: whatever becomes of a subscription asks which reader a connection is, or which connection a
/// reader is, and a node has tens of thousands of both, most of which hold nothing.
///
/// Both names carry a slot of the same loop, so each is found without a search, and one that rests costs its
/// slot. `Held` is what the owner keeps of those that have something. Pointers are good until the next
/// open(). One thread.
template <typename Held>
class ReaderTable {
public:
    struct Entry {
        sh_connection connection = 0;  ///< 0: free
        std::uint32_t slot = 0;        ///< of the reader
        std::uint32_t generation = 0;
        std::unique_ptr<Held> held;  ///< nullptr: nothing

        [[nodiscard]] delivery::ReaderRef reader() const noexcept {
            return {net::loop_of(connection), slot, generation};
        }
    };

    /// The reader is one of the connection's loop.
    void open(sh_connection connection, const delivery::ReaderRef& reader) {
        const std::size_t loop = net::loop_of(connection);
        if (loops_.size() <= loop) loops_.resize(loop + 1);
        auto& [entries, by_reader] = loops_[loop];
        const std::uint32_t slot = net::slot_of(connection);
        if (entries.size() <= slot) entries.resize(slot + 1);
        if (by_reader.size() <= reader.slot) by_reader.resize(reader.slot + 1);
        entries[slot] = {connection, reader.slot, reader.generation, nullptr};
        by_reader[reader.slot] = slot;
    }

    /// Returns what it held.
    std::unique_ptr<Held> close(sh_connection connection) {
        Entry* entry = find(connection);
        return entry == nullptr ? nullptr : std::exchange(*entry, {}).held;
    }

    [[nodiscard]] Entry* find(sh_connection connection) {
        Entry* entry = at(net::loop_of(connection), net::slot_of(connection));
        return entry != nullptr && connection != 0 && entry->connection == connection ? entry : nullptr;
    }

    [[nodiscard]] Entry* find(const delivery::ReaderRef& reader) {
        if (reader.loop >= loops_.size() || reader.slot >= loops_[reader.loop].by_reader.size())
            return nullptr;
        Entry* entry = at(reader.loop, loops_[reader.loop].by_reader[reader.slot]);
        return entry != nullptr && entry->connection != 0 && entry->reader() == reader ? entry : nullptr;
    }

    /// Calls visit(const Entry&) for each connection.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Loop& loop : loops_)
            for (const Entry& entry : loop.entries)
                if (entry.connection != 0) visit(entry);
    }

private:
    struct Loop {
        std::vector<Entry> entries;            // by the connection's slot
        std::vector<std::uint32_t> by_reader;  // slots of connections; some are of readers that are gone
    };

    [[nodiscard]] Entry* at(std::size_t loop, std::uint32_t slot) {
        return loop < loops_.size() && slot < loops_[loop].entries.size() ? &loops_[loop].entries[slot]
                                                                          : nullptr;
    }

    std::vector<Loop> loops_;
};

}  // namespace streamhost::bridge
