// A run has its end; now its session hears of it: the answer as one message, then the state. Both are keyed
// by the run, so that any node may do it, twice or half, and the session has each once. What the message says
// is read from the stream: readers and history cannot differ. [store]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ports.hpp"

namespace chat {

struct Concluded {
    sh_status status = SH_OK;  // not SH_OK: try again later
    std::uint32_t state = 0;   // SH_STREAM_*; UNKNOWN: there was no such run
};

class Concluder {
public:
    using Done = std::function<void(const Concluded&)>;

    Concluder(streamhost::Host& host, Cache& cache, OpenRuns& open)
        : host_(host), cache_(cache), open_(open) {}
    void conclude(const std::string& run, Done done);

private:
    struct Work {
        std::string run;
        std::string session;
        std::uint32_t state = 0;
        Done done;
    };
    using Ref = std::shared_ptr<Work>;

    void publish_message(const Ref& work, const sh_result& snapshot);
    void publish_state(const Ref& work);
    void remove(const Ref& work);

    streamhost::Host& host_;
    Cache& cache_;
    OpenRuns& open_;
};

}  // namespace chat
