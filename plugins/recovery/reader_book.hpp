// The problem: somebody asks which clients got an entry after they have gone. Each node remembers the last
// readers whose subscription was over, and how far they got. [store]
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/websocket.h"

namespace recovery {

class ReaderBook {
public:
    static constexpr std::size_t kRemembered = 10'000;

    struct Reader {
        sh_connection connection = 0;
        std::uint64_t seq = 0;   // the last that was written to its socket
        std::int64_t at_ms = 0;  // wall clock of this node
    };

    void finished(const std::string& stream, const Reader& reader) {
        entries_.push_back({stream, reader});
        if (entries_.size() > kRemembered) entries_.pop_front();
    }
    // Oldest first.
    [[nodiscard]] std::vector<Reader> of(std::string_view stream) const {
        std::vector<Reader> out;
        for (const Entry& entry : entries_)
            if (entry.stream == stream) out.push_back(entry.reader);
        return out;
    }

private:
    struct Entry {
        std::string stream;
        Reader reader;
    };
    std::deque<Entry> entries_;
};

}  // namespace recovery
