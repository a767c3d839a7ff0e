#include "app/healthcheck.hpp"

#include <sys/time.h>

#include <csignal>
#include <istream>
#include <ostream>
#include <string_view>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <unistd.h>

#include "app/http_target.hpp"

namespace streamhost::app {

namespace {

constexpr std::size_t kMaxShown = 500;  // bytes of the line
constexpr std::size_t kMaxRead = 65'536;

// Whatever runs in this thread was interrupted, so nothing but system calls.
void leave(int /*signal*/) {
    constexpr std::string_view kText = "streamhost: unhealthy: no answer in time\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(1);
}

void leave_within(std::uint32_t time_ms) {
    struct sigaction action {};
    action.sa_handler = &leave;
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval at{
        {}, {static_cast<time_t>(time_ms / 1'000), static_cast<suseconds_t>(time_ms % 1'000 * 1'000)}};
    ::setitimer(ITIMER_REAL, &at, nullptr);
}

// Without what a terminal would take for an order.
std::string shown(std::string_view text) {
    std::string line;
    for (const char byte : text.substr(0, text.find('\n')))
        if (byte >= ' ' && byte < 127 && line.size() < kMaxShown) line.push_back(byte);
    return line;
}

std::string read_some(std::istream& body) {
    std::string text(kMaxRead, '\0');
    body.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(body.gcount()));
    return text;
}

// "degraded: the first reason; the second one": whoever reads a container's state sees one short line.
// Nothing when the answer is no node's.
std::string verdict_of(const std::string& answer) {
    try {
        const auto body = Poco::JSON::Parser().parse(answer).extract<Poco::JSON::Object::Ptr>();
        std::string line = body->getValue<std::string>("status");
        const Poco::JSON::Array::Ptr reasons = body->getArray("reasons");
        for (std::size_t index = 0; !reasons.isNull() && index < reasons->size(); ++index)
            line +=
                (index == 0 ? ": " : "; ") + reasons->getElement<std::string>(static_cast<unsigned>(index));
        return line;
    } catch (const Poco::Exception&) {
        return {};
    }
}

}  // namespace

int healthcheck(const std::string& url, std::uint32_t timeout_ms, std::ostream& out, std::ostream& err) {
    leave_within(timeout_ms);
    int result = 1;
    try {
        const HttpTarget target(url);
        const auto session =
            target.session(Poco::Timespan(Poco::Int64{timeout_ms} * 2'000));  // the timer is first
        Poco::Net::HTTPRequest request("GET", target.path(), "HTTP/1.1");
        target.name_in(request);
        session->sendRequest(request);
        Poco::Net::HTTPResponse response;
        const std::string answer = read_some(session->receiveResponse(response));
        const std::string verdict = verdict_of(answer);
        result = response.getStatus() == Poco::Net::HTTPResponse::HTTP_OK ? 0 : 1;
        (result == 0 ? out : err) << "streamhost: " << (result == 0 ? "healthy" : "unhealthy") << ": "
                                  << static_cast<int>(response.getStatus()) << " "
                                  << shown(verdict.empty() ? answer : verdict) << "\n";
    } catch (const Poco::Exception& error) {
        err << "streamhost: unhealthy: " << url << ": " << error.displayText() << "\n";
    }
    leave_within(0);  // switches the timer off
    return result;
}

}  // namespace streamhost::app
