#include "app/healthcheck.hpp"

#include <sys/time.h>

#include <csignal>
#include <istream>
#include <ostream>
#include <string_view>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <unistd.h>

#include "app/http_target.hpp"

namespace streamhost::app {

namespace {

constexpr std::size_t kMaxShown = 200;  // bytes of the answer

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

// The first line, without what a terminal would take for an order.
std::string first_line(std::istream& body) {
    std::string line;
    for (int byte = body.get(); byte != EOF && byte != '\n' && line.size() < kMaxShown; byte = body.get())
        if (byte >= ' ' && byte < 127) line.push_back(static_cast<char>(byte));
    return line;
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
        const std::string said = first_line(session->receiveResponse(response));
        result = response.getStatus() == Poco::Net::HTTPResponse::HTTP_OK ? 0 : 1;
        (result == 0 ? out : err) << "streamhost: " << (result == 0 ? "healthy" : "unhealthy") << ": "
                                  << static_cast<int>(response.getStatus()) << " " << said << "\n";
    } catch (const Poco::Exception& error) {
        err << "streamhost: unhealthy: " << url << ": " << error.displayText() << "\n";
    }
    leave_within(0);  // switches the timer off
    return result;
}

}  // namespace streamhost::app
