// What the log of a stream holds, asked of the store. All [store].
#pragma once

#include <memory>
#include <string>

#include "streamhost/abi/ext/store.h"
#include "streamhost/host.hpp"

#include "fold.hpp"

namespace streamcache {

class LogReader {
public:
    LogReader(streamhost::Host& host, const sh_store_ext* store) : host_(host), store_(store) {}

    // A stream that nobody has written is an answer, not a failure: SH_STREAM_UNKNOWN.
    void read(const std::string& stream, std::uint64_t from, std::uint32_t max_entries,
              std::uint32_t max_bytes, streamhost::Host::Answer answer);
    void snapshot(const std::string& stream, sh_ticket ticket);
    void tail(const std::string& stream, sh_ticket ticket);
    void runs(const std::string& session, sh_ticket ticket);

    static constexpr std::uint32_t kEntries = 1'000;
    static constexpr std::uint32_t kBytes = 4u << 20;

private:
    void fold_from(const std::string& stream, std::uint64_t from, std::shared_ptr<Fold> fold,
                   sh_ticket ticket);

    streamhost::Host& host_;
    const sh_store_ext* store_;
};

}  // namespace streamcache
