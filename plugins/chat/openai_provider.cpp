#include "openai_provider.hpp"

#include <random>
#include <utility>

#include <Poco/Exception.h>

#include "streamhost/status.hpp"

#include "completion_stream.hpp"
#include "sse_parser.hpp"

namespace chat {

using streamhost::Failure;

namespace {

Target target_of(const OpenAiOptions& options) {
    Target target;
    try {
        target.url = Poco::URI(options.base_url);
        std::string path = target.url.getPath();
        while (!path.empty() && path.back() == '/')
            path.pop_back();
        target.url.setPath(path + "/chat/completions");
    } catch (const Poco::Exception&) {
        throw Failure(SH_INVALID, "base_url is no URL");
    }
    const std::string scheme = target.url.getScheme();
    if ((scheme != "http" && scheme != "https") || target.url.getHost().empty())
        throw Failure(SH_INVALID, "base_url begins with http:// or https:// and a host");
    target.api_key = options.api_key;
    if (scheme == "http") return target;
    using Poco::Net::Context;
    try {
        target.tls = new Context(Context::TLS_CLIENT_USE, "", "", options.ca_file,
                                 options.verify_tls ? Context::VERIFY_STRICT : Context::VERIFY_NONE, 9, true);
        target.tls->requireMinimumProtocol(Context::PROTO_TLSV1_2);
        target.tls->enableExtendedCertificateVerification(options.verify_tls);
    } catch (const Poco::Exception&) {
        throw Failure(SH_INVALID, "ca_file cannot be read: " + options.ca_file);
    }
    return target;
}

double random_fraction() {
    std::random_device device;
    return std::generate_canonical<double, 32>(device);
}

}  // namespace

OpenAiProvider::OpenAiProvider(const OpenAiOptions& options, Log log)
    : options_(options), target_(target_of(options)), log_(std::move(log)) {}

Verdict OpenAiProvider::produce(const Prompt& prompt, Sink& sink, StopSignal& stop) {
    ProviderCall call{.body = {}, .trace = prompt.trace};
    try {
        call.body = completion_request(options_.request, prompt);
    } catch (const Failure& failure) {
        return {.code = "bad_request", .message = failure.what()};
    }
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.total_timeout_ms);
    for (std::uint32_t made = 1;; ++made) {
        const Outcome outcome = try_once(call, deadline, sink, stop);
        if (outcome.attempt.fault == Fault::none || outcome.attempt.fault == Fault::stopped)
            return outcome.verdict;
        tell_operator(outcome.attempt);
        const auto wait = retry_in_ms(options_.retry, outcome.attempt, made, random_fraction());
        const bool in_time =
            wait && std::chrono::steady_clock::now() + std::chrono::milliseconds(*wait) < deadline;
        if (!in_time || stop.wait_for(std::chrono::milliseconds(*wait))) return outcome.verdict;
    }
}

void OpenAiProvider::describe(streamhost::Span& call) const {
    call.set("gen_ai.operation.name", "chat");
    call.set("gen_ai.provider.name", "openai");
    call.set("gen_ai.request.model", options_.request.model);
    call.set("server.address", target_.url.getHost());
    call.set("server.port", static_cast<std::int64_t>(target_.url.getPort()));
}

OpenAiProvider::Outcome OpenAiProvider::try_once(const ProviderCall& call,
                                                 std::chrono::steady_clock::time_point deadline, Sink& sink,
                                                 StopSignal& stop) const {
    using std::chrono::milliseconds;
    Exchange exchange(target_,
                      {.connect = milliseconds(options_.connect_timeout_ms),
                       .first_byte = milliseconds(options_.first_byte_timeout_ms),
                       .idle = milliseconds(options_.idle_timeout_ms),
                       .deadline = deadline},
                      stop);
    Attempt attempt = exchange.open(call);
    CompletionStream completion;
    SseParser parser;
    std::string bytes;
    std::vector<SseEvent> events;
    while (attempt.fault == Fault::none && completion.state() == CompletionStream::State::open) {
        attempt.fault = exchange.read(bytes);
        if (attempt.fault != Fault::none || bytes.empty()) break;
        if (std::chrono::steady_clock::now() >= deadline) attempt.fault = Fault::timeout;
        events.clear();
        if (!parser.feed(bytes, events)) attempt.fault = Fault::garbage;
        std::string text;
        for (const SseEvent& event : events)
            (void)completion.take(event.data, text);
        attempt.had_token = attempt.had_token || !text.empty();
        if (!text.empty() && !sink.text(text)) attempt.fault = Fault::stopped;
    }
    if (attempt.fault != Fault::none) return {attempt, verdict_of(attempt)};
    const Verdict verdict = completion.verdict();
    // Cut without a token is as if it had never begun.
    if (!verdict.complete() && completion.state() == CompletionStream::State::open)
        attempt.fault = Fault::disconnected;
    return {attempt, verdict};
}

void OpenAiProvider::tell_operator(const Attempt& attempt) const {
    if (attempt.fault == Fault::tls) return log_("the provider's certificate is not trusted", 0);
    if (attempt.fault != Fault::status) return;
    if (attempt.status == 401 || attempt.status == 403)
        return log_("the provider refuses our api_key", attempt.status);
    log_("the provider answers with an error", attempt.status);
}

}  // namespace chat
