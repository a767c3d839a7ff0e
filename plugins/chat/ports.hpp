// The streamcache and the store's list of open runs, as chat uses them: every call answers once, on the store
// loop. [any] for Cache, [store] for OpenRuns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/store.hpp"

namespace chat {

using Answer = streamhost::Host::Answer;

class Cache {
public:
    Cache(streamhost::Host& host, streamhost::Lease<sh_streamcache> lease) : host_(host), lease_(lease) {}

    void claim(std::string_view run, std::uint32_t lease_ms, std::uint32_t flags, Answer answer);
    void send(const sh_send& send, Answer answer);
    void publish(std::string_view stream, std::string_view key, std::uint32_t type, std::string_view data,
                 Answer answer);
    void finish(std::string_view run, std::string_view end, std::uint64_t if_fence, Answer answer);
    void read(std::string_view stream, std::uint64_t from, std::uint32_t max_entries, Answer answer);
    void snapshot(std::string_view run, Answer answer);
    void tail(std::string_view stream, Answer answer);
    // Without an answer: ticketless.
    [[nodiscard]] sh_status write(std::string_view run, std::uint64_t fence, const sh_item& item);
    // The answer comes in any case; what is returned says whether the entry was taken.
    [[nodiscard]] sh_status write(std::string_view run, std::uint64_t fence, const sh_item& item,
                                  Answer answer);
    void write_end(std::string_view run, std::uint64_t fence, std::string_view end, Answer answer);
    // The place is given back behind what was written: whoever claims next need not wait for the lease's end.
    void release(std::string_view run, std::uint64_t fence, Answer answer);

private:
    template <typename Body>
    void ask(Body&& body, Answer answer);

    streamhost::Host& host_;
    streamhost::Lease<sh_streamcache> lease_;
};

class OpenRuns {
public:
    explicit OpenRuns(const streamhost::Store& store) : store_(store) {}

    void put(std::string_view run, std::uint32_t due_in_ms, Answer answer);
    void take(std::uint32_t max, std::uint32_t again_in_ms, Answer answer);
    void remove(std::string_view run, Answer answer);
    void tail(std::string_view run, Answer answer);
    // At most kTails of them.
    void tails(const std::vector<std::string>& runs, Answer answer);
    static constexpr std::size_t kTails = 64;
    // All of the session's, with their jobs.
    void runs(std::string_view session, Answer answer);
    // A run without a message of its own, in one step with the record that tells the session of it.
    struct Again {
        std::string session;
        std::string user;
        std::string key;
        std::string hash;
        std::string run;
        std::string record;
        std::string job;
    };
    void send_again(const Again& again, Answer answer);

private:
    streamhost::Store store_;
};

}  // namespace chat
