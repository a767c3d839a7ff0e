// Any server that answers POST {base_url}/chat/completions with a stream of events.
#pragma once

#include <functional>
#include <string>

#include "completion_request.hpp"
#include "exchange.hpp"
#include "provider.hpp"
#include "retry_policy.hpp"

namespace chat {

struct OpenAiOptions {
    std::string base_url;  // "https://host/v1"
    std::string api_key;   // empty: no Authorization
    RequestOptions request;
    std::uint32_t connect_timeout_ms = 5'000;
    std::uint32_t first_byte_timeout_ms = 30'000;
    std::uint32_t idle_timeout_ms = 30'000;
    std::uint32_t total_timeout_ms = 600'000;
    RetryOptions retry;
    std::string ca_file;  // besides the system's
    bool verify_tls = true;
};

class OpenAiProvider : public Provider {
public:
    // What the operator should know; never contains the key. [any]
    using Log = std::function<void(std::string_view text, int status)>;

    // Throws Failure(SH_INVALID) for a base_url that is none or a ca_file that cannot be read.
    OpenAiProvider(const OpenAiOptions& options, Log log);

    [[nodiscard]] Verdict produce(const Prompt& prompt, Sink& sink, StopSignal& stop) override;
    void describe(streamhost::Span& call) const override;
    [[nodiscard]] std::uint32_t total_timeout_ms() const noexcept override {
        return options_.total_timeout_ms;
    }

private:
    struct Outcome {
        Attempt attempt;
        Verdict verdict;
    };
    [[nodiscard]] Outcome try_once(const ProviderCall& call, std::chrono::steady_clock::time_point deadline,
                                   Sink& sink, StopSignal& stop) const;
    void tell_operator(const Attempt& attempt) const;

    OpenAiOptions options_;
    Target target_;
    Log log_;
};

}  // namespace chat
