// What a connection knows of traces. Made while tracing is on alone: else it is a null pointer.
#pragma once

#include <optional>
#include <string_view>

#include "streamhost/trace.hpp"

#include "services.hpp"

namespace gateway {

struct ClientTrace {
    std::optional<streamhost::TraceContext> brought;  // by the upgrade or by hello
    streamhost::Span hello;                           // until it is answered
};

// What a client says of its trace, marked as such.
[[nodiscard]] inline std::optional<streamhost::TraceContext> trace_of_client(std::string_view parent,
                                                                             std::string_view state) {
    auto trace = streamhost::read_trace(parent, state);
    if (trace) trace->flags |= SH_TRACE_FROM_CLIENT;
    return trace;
}

// The span ends with the answer, also when the client has gone by then.
[[nodiscard]] Answer traced(streamhost::Span span, Answer answer);

}  // namespace gateway
