// One run of this node, and a message on its way to become one.
#pragma once

#include <optional>

#include "streamhost/trace.hpp"

#include "runs.hpp"

namespace chat {

inline const Verdict kGoingDown{.code = "unavailable",
                                .message = "The node that produced this answer is going down."};
inline const Verdict kNotStored{.code = "unavailable", .message = "The answer could not be stored."};

struct Runs::Sending {
    std::shared_ptr<const Message> message;
    sh_ticket ticket = 0;
    std::string id;  // of the message
    std::string run;
    std::string message_data;
    std::string run_data;
    std::string job;
    std::string hash;
    std::string key;
    std::string answer;
    std::int64_t since_ms = 0;
    std::uint32_t attempts = 0;
};

// The worker sees id, session, fence, prompt, provider, stop and writer: set before it starts, or safe from
// any thread. The rest belongs to the store loop.
struct Runs::Run final : EntryPort, std::enable_shared_from_this<Run> {
    explicit Run(Runs& owner) : runs(owner) {}
    [[nodiscard]] sh_status write(const sh_item& item, bool wants_answer) override;
    void first_entry() override { runs.first_token(shared_from_this()); }

    Runs& runs;
    std::string id;
    std::string session;
    std::string provider_name;
    std::shared_ptr<Provider> provider;
    Job job;
    Prompt prompt;
    std::uint64_t fence = 0;
    std::uint64_t message_seq = 0;  // of the user's message on the session's stream
    std::int64_t accepted_ms = 0;
    std::int64_t started_ms = 0;
    StopSignal stop;
    RunWriter writer{*this, stop};

    // Of a run that came over a queue.
    struct Taken {
        QueuedRun queued;
        std::uint64_t deliveries = 1;
        std::function<void()> settle;  // the queue may forget the job
        std::uint64_t claims = 0;
        std::uint32_t tries = 0;  // to store the run that starts it over
        std::uint32_t looks = 0;  // for its job
    };
    std::optional<Taken> taken;
    std::uint64_t head = 0;  // entries that were there when it was claimed

    streamhost::Span span;  // of the whole run; its context is safe from any thread once it is set
    RunMachine machine;
    std::string end;           // what finish() is to store
    bool is_in_doubt = false;  // whether that is ours to store
    bool admitted = false;     // counted in admitted_
    std::uint32_t state = SH_STREAM_OPEN;
};

}  // namespace chat
