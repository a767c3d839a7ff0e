// Appends of producers outside of this process: fence and number come from them, the chain is computed here,
// so any node can take them. All [store].
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "streamhost/host.hpp"
#include "streamhost/store.hpp"

#include "append_counts.hpp"
#include "append_line.hpp"

namespace streamcache {

class RemoteAppends {
public:
    RemoteAppends(streamhost::Host& host, const streamhost::Store& store, const AppendCounts& counts)
        : host_(host), store_(store), counts_(counts) {}

    void claimed(const std::string& stream, const sh_result& claim, std::uint32_t lease_ms);
    void append(RemoteAppend append);
    void renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket);
    // Forgets positions of streams that nobody appends to; they are read again when somebody does.
    void tick();

private:
    // A line stays where it is while an append of it is under way.
    void pump(AppendLine& line);
    void read_before(AppendLine& line, std::shared_ptr<RemoteAppend> append);
    void beyond_head(AppendLine& line, const RemoteAppend& append, std::uint64_t expected);
    void write(AppendLine& line, RemoteAppend& append, std::uint64_t check);
    void done(AppendLine& line, sh_ticket ticket, const sh_result& answer, bool reached);
    [[nodiscard]] static std::uint32_t lease_of(const AppendLine& line) noexcept;

    streamhost::Host& host_;
    streamhost::Store store_;
    const AppendCounts& counts_;
    std::unordered_map<std::string, AppendLine> lines_;
};

}  // namespace streamcache
