// The problem: what clients read is written to a stream and comes back through the stream's channel, and
// neither an answer of the store nor a message on a topic has gone that way.
//
// One entry in each round, on a stream of this plugin's own whose home nobody can guess. A stream takes
// kEntries, then it ends and another one begins, so that the store forgets them after its time for ended
// runs; and whatever is odd (fenced, unknown, an answer that is still owed when the next round begins) begins
// another one, too. [store] unless tagged
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "streamhost/host.hpp"
#include "streamhost/store.hpp"
#include "streamhost/unique_function.hpp"

namespace health {

class StreamProbe {
public:
    static constexpr std::uint64_t kEntries = 256;

    struct Ports {
        streamhost::UniqueFunction<void(std::uint64_t round)> came_back;
        streamhost::UniqueFunction<void(std::uint64_t round)> failed;
    };
    // [control] Before the plugin's start() has returned.
    StreamProbe(streamhost::Host& host, Ports ports);
    StreamProbe(const StreamProbe&) = delete;
    StreamProbe& operator=(const StreamProbe&) = delete;

    void write(std::uint64_t round);

private:
    void listen(std::uint64_t round);
    void claim(std::uint64_t round);
    void append(std::uint64_t round);
    void leave(std::uint64_t round);
    void heard(std::string_view stream, const sh_record* records, std::uint32_t count);

    streamhost::Host& host_;
    streamhost::Store store_;
    Ports ports_;
    const std::string home_;
    const std::uint64_t producer_;
    bool is_listening_ = false;
    bool is_owed_ = false;  // an answer about the present stream
    std::uint64_t streams_ = 0;
    std::string stream_;  // empty: to be begun
    std::uint64_t fence_ = 0;
    sh_position at_{};  // its newest entry
};

}  // namespace health
