// The spans of a connection: one for its hello, one for each message, and one for each stream that it asks
// for by itself.
#include "streamhost/json.hpp"

#include "client.hpp"

namespace gateway {

using streamhost::Span;
using streamhost::TraceContext;

void Client::brings_trace(std::string_view parent, std::string_view state) {
    trace_ = std::make_unique<ClientTrace>();
    trace_->brought = trace_of_client(parent, state);
}

// What the hello itself says is nearer than what its upgrade said: a page cannot give that headers.
void Client::begin_hello(const Hello& hello) {
    if (!door().tracer.is_on()) return;
    if (trace_ == nullptr) trace_ = std::make_unique<ClientTrace>();
    if (auto said = trace_of_client(hello.trace.parent, hello.trace.state)) trace_->brought = std::move(said);
    const auto& parent = trace_->brought;
    trace_->hello = door().tracer.begin("hello", SH_SPAN_SERVER, parent ? &*parent : nullptr);
    trace_->hello.set("streamhost.resumed_streams", static_cast<std::int64_t>(hello.resume.size()));
    trace_->hello.set("user_agent.original", hello.client);
}

void Client::end_hello(std::string_view error) {
    if (trace_ == nullptr) return;
    trace_->hello.set("streamhost.session", session_);
    if (!error.empty()) trace_->hello.fail(error);
    trace_->hello.end();
}

// Each message may have a trace of its own; one without goes on with the connection's.
Span Client::begin_send(const Send& send) const {
    if (!door().tracer.is_on()) return {};
    auto parent = trace_of_client(send.trace.parent, send.trace.state);
    if (!parent && trace_ != nullptr) parent = trace_->brought;
    Span span = door().tracer.begin("send", SH_SPAN_PRODUCER, parent ? &*parent : nullptr);
    span.set("streamhost.session", session_);
    return span;
}

// Part of what the client is about, or nothing: who says nothing of a trace has none for these alone.
Span Client::begin_subscribe(const char* name, std::string_view stream) const {
    if (trace_ == nullptr) return {};
    const TraceContext* parent = trace_->hello.context();
    if (parent == nullptr && trace_->brought) parent = &*trace_->brought;
    if (parent == nullptr) return {};
    Span span = door().tracer.begin(name, SH_SPAN_INTERNAL, parent);
    span.set("streamhost.stream", stream);
    return span;
}

Answer traced(Span span, Answer answer) {
    if (!span) return answer;
    return [under_way = std::move(span), tell = std::move(answer)](const sh_result& result) mutable {
        if (result.status != SH_OK) under_way.fail(streamhost::status_code(result.status));
        if (const auto run = streamhost::own_member(streamhost::body_of(result), "run"); !run.empty())
            under_way.set("streamhost.run", run);
        if (result.last > 0) under_way.set("streamhost.seq", static_cast<std::int64_t>(result.last));
        under_way.end();
        tell(result);
    };
}

}  // namespace gateway
