#include "exchange.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Timespan.h>
#include <fcntl.h>
#include <unistd.h>

namespace chat {

namespace {

constexpr std::chrono::milliseconds kShortest{1};

Poco::Timespan timespan(std::chrono::milliseconds time) {
    return {static_cast<Poco::Timespan::TimeDiff>(time.count()) * Poco::Timespan::MILLISECONDS};
}

// Runs `body` and says what went wrong; `otherwise` for everything that is no time-out and no TLS failure.
template <typename Body>
Fault guarded(Fault otherwise, Body&& body) noexcept {
    try {
        body();
        return Fault::none;
    } catch (const Poco::TimeoutException&) {
        return Fault::timeout;
    } catch (const Poco::Net::SSLConnectionUnexpectedlyClosedException&) {
        return otherwise;
    } catch (const Poco::Net::SSLException&) {
        return Fault::tls;
    } catch (const Poco::Net::MessageException&) {
        return Fault::garbage;
    } catch (const Poco::Net::NoMessageException&) {
        return otherwise;
    } catch (const Poco::Net::HTTPException&) {
        return Fault::garbage;
    } catch (...) {
        return otherwise;
    }
}

}  // namespace

Exchange::Exchange(const Target& target, ExchangeLimits limits, StopSignal& stop)
    : target_(target), limits_(limits), stop_(stop) {}

Exchange::~Exchange() {
    interruptible_.reset();
    if (own_fd_ >= 0) ::close(own_fd_);
}

std::chrono::milliseconds Exchange::at_most(std::chrono::milliseconds limit) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.deadline -
                                                                            std::chrono::steady_clock::now());
    return std::clamp(left, kShortest, std::max(limit, kShortest));
}

Fault Exchange::fault_now(Fault before) const noexcept {
    return before != Fault::none && stop_.stopped() ? Fault::stopped : before;
}

Attempt Exchange::open(const ProviderCall& call) noexcept {
    Attempt attempt;
    const Fault fault = guarded(Fault::connect, [&] { attempt = exchange(call); });
    if (fault != Fault::none) attempt = {.fault = fault};
    attempt.fault = fault_now(attempt.fault);
    return attempt;
}

Attempt Exchange::exchange(const ProviderCall& call) {
    using namespace Poco::Net;
    const auto& url = target_.url;
    if (target_.tls) {
        session_ = std::make_unique<HTTPSClientSession>(url.getHost(), url.getPort(), target_.tls);
    } else {
        session_ = std::make_unique<HTTPClientSession>(url.getHost(), url.getPort());
    }
    session_->setTimeout(timespan(at_most(limits_.connect)), timespan(at_most(limits_.first_byte)),
                         timespan(at_most(limits_.first_byte)));
    HTTPRequest request(HTTPRequest::HTTP_POST, url.getPathAndQuery(), HTTPMessage::HTTP_1_1);
    request.setContentType("application/json");
    request.setContentLength(static_cast<std::streamsize>(call.body.size()));
    request.set("Accept", "text/event-stream");
    request.setKeepAlive(false);
    if (!target_.api_key.empty()) request.set("Authorization", "Bearer " + target_.api_key);
    if (call.trace) request.set("traceparent", call.trace->parent_text());
    if (call.trace && !call.trace->state.empty()) request.set("tracestate", call.trace->state);
    std::ostream& out = session_->sendRequest(request);
    // The session may close its descriptor at any error, and its number may be somebody else's the moment
    // after; one of our own stays ours.
    own_fd_ = ::fcntl(session_->socket().impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
    interruptible_ =
        std::make_unique<StopSignal::Interruptible>(stop_, [fd = own_fd_] { ::shutdown(fd, SHUT_RDWR); });
    out << call.body << std::flush;

    HTTPResponse response;
    body_ = &session_->receiveResponse(response);
    // Without it the stream would swallow what its socket throws, and a stall would look like an end.
    body_->exceptions(std::ios::badbit);
    if (response.getStatus() != HTTPResponse::HTTP_OK) {
        return {.fault = Fault::status,
                .status = static_cast<int>(response.getStatus()),
                .retry_after_ms = parse_retry_after(response.get("Retry-After", ""))};
    }
    const bool streams = response.getContentType().find("text/event-stream") != std::string::npos;
    return {.fault = streams ? Fault::none : Fault::garbage, .status = 200};
}

Fault Exchange::read(std::string& bytes) noexcept {
    bytes.clear();
    const Fault fault = guarded(Fault::disconnected, [&] {
        session_->socket().setReceiveTimeout(timespan(at_most(limits_.idle)));
        // peek() waits for a byte, readsome() takes what came with it.
        if (body_->peek() == std::char_traits<char>::eof()) return;
        bytes.resize(16u << 10);
        bytes.resize(static_cast<std::size_t>(
            body_->readsome(bytes.data(), static_cast<std::streamsize>(bytes.size()))));
    });
    // A socket that a stop shut down looks like a regular end.
    return stop_.stopped() ? Fault::stopped : fault_now(fault);
}

}  // namespace chat
