// One HTTP exchange with a provider: request out, status in, body as it comes. Poco's client session does
// the HTTP and TLS; every wait has a limit, and a stop makes a blocked read return. [worker]
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/URI.h>

#include "streamhost/trace_context.hpp"

#include "retry_policy.hpp"
#include "stop_signal.hpp"

namespace chat {

struct ExchangeLimits {
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds first_byte{30'000};  // from the request to the head of the answer
    std::chrono::milliseconds idle{30'000};        // between two reads of the body
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

struct Target {
    Poco::URI url;
    std::string api_key;
    Poco::Net::Context::Ptr tls;  // null: plain HTTP
};

struct ProviderCall {
    std::string body;
    std::optional<streamhost::TraceContext> trace;  // told to the server, as traceparent and tracestate
};

class Exchange {
public:
    Exchange(const Target& target, ExchangeLimits limits, StopSignal& stop);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Fault::none: the body of a 200 follows. Never throws.
    [[nodiscard]] Attempt open(const ProviderCall& call) noexcept;
    // What has come since, at least a byte; empty at the end of the body. Never throws.
    [[nodiscard]] Fault read(std::string& bytes) noexcept;

private:
    Attempt exchange(const ProviderCall& call);
    [[nodiscard]] Fault fault_now(Fault before) const noexcept;
    [[nodiscard]] std::chrono::milliseconds at_most(std::chrono::milliseconds limit) const;

    const Target& target_;
    ExchangeLimits limits_;
    StopSignal& stop_;
    std::unique_ptr<Poco::Net::HTTPClientSession> session_;
    int own_fd_ = -1;  // a duplicate of the session's, to shut it down
    std::unique_ptr<StopSignal::Interruptible> interruptible_;
    std::istream* body_ = nullptr;  // the session's
};

}  // namespace chat
