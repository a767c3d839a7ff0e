// What produces an answer. A provider runs on a thread of its own for as long as the answer takes, hands out
// what it has as it comes, and says at the end how it went. It knows no streams, fences or numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/trace.hpp"

#include "stop_signal.hpp"

namespace chat {

struct PromptMessage {
    std::string role;  // "user", "assistant"
    std::string content;
};

struct Prompt {
    std::vector<PromptMessage> context;  // earlier messages, oldest first
    std::string content;                 // what the user wrote; for `data` its JSON text
    bool is_data = false;
    std::string options;  // JSON object of the client, or empty: to be checked, never passed on whole

    // What a worker that went away got out of this answer: readers have it. Go on behind it.
    std::string prefix;
    std::uint32_t prefix_parts = 0;

    std::optional<streamhost::TraceContext> trace;  // of this call, for the server that is asked
};

// How it went. `code` is one of the protocol's error codes; empty: complete. `usage` is a JSON object or
// empty.
struct Verdict {
    std::string code;
    std::string message;  // for the user: no addresses, no keys
    std::string usage;

    [[nodiscard]] bool complete() const noexcept { return code.empty(); }
};

// Where the answer goes. False: nobody wants more (stopped, the run has ended); return soon. [worker]
class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;
    // Bytes of UTF-8 text, cut anywhere.
    [[nodiscard]] virtual bool text(std::string_view piece) = 0;
    // A JSON object.
    [[nodiscard]] virtual bool part(std::string_view json) = 0;
};

class Provider {
public:
    Provider() = default;
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;
    virtual ~Provider() = default;

    // Many at once. May throw: the run then ends with `internal`. When `stop` is given it returns within
    // seconds, and what it returns no longer counts. [worker]
    [[nodiscard]] virtual Verdict produce(const Prompt& prompt, Sink& sink, StopSignal& stop) = 0;
    [[nodiscard]] virtual bool wants_context() const noexcept { return true; }
    // The place and the names of the call as OpenTelemetry has them, for its span.
    virtual void describe(streamhost::Span& /*call*/) const {}
    // A limit for the whole answer.
    [[nodiscard]] virtual std::uint32_t total_timeout_ms() const noexcept { return 600'000; }
};

}  // namespace chat
