#include "collector.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Timespan.h>
#include <fcntl.h>
#include <unistd.h>

#include "streamhost/status.hpp"

namespace tracing {

using streamhost::Failure;

namespace {

constexpr const char* kPath = "/v1/traces";
constexpr std::size_t kMaxFileBytes = 64u << 10;
constexpr std::size_t kMaxReplyBytes = 64u << 10;
constexpr std::chrono::milliseconds kShortest{1};

Poco::Timespan left_until(Collector::Time deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return {static_cast<Poco::Timespan::TimeDiff>(std::max(left, kShortest).count()) *
            Poco::Timespan::MILLISECONDS};
}

bool is_token(std::string_view name) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char letter) {
        return std::isalnum(letter) != 0 || kMarks.find(static_cast<char>(letter)) != std::string_view::npos;
    });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string read_body(std::istream& in) {
    std::string body(kMaxReplyBytes, '\0');
    in.read(body.data(), static_cast<std::streamsize>(body.size()));
    body.resize(static_cast<std::size_t>(in.gcount()));
    return body;
}

}  // namespace

Target make_target(const std::string& endpoint, const std::string& ca_file, bool verify_tls) {
    Target target;
    try {
        target.url = Poco::URI(endpoint);
    } catch (const Poco::Exception&) {
        throw Failure(SH_INVALID, "plugins.tracing.endpoint is no URL");
    }
    const std::string scheme = target.url.getScheme();
    if ((scheme != "http" && scheme != "https") || target.url.getHost().empty())
        throw Failure(SH_INVALID, "plugins.tracing.endpoint begins with http:// or https:// and a host");
    if (!target.url.getUserInfo().empty())
        throw Failure(SH_INVALID, "plugins.tracing.endpoint has a user: put Authorization into headers_file");
    if (target.url.getPath().empty() || target.url.getPath() == "/") target.url.setPath(kPath);
    if (scheme == "http") return target;
    using Poco::Net::Context;
    try {
        target.tls = new Context(Context::TLS_CLIENT_USE, "", "", ca_file,
                                 verify_tls ? Context::VERIFY_STRICT : Context::VERIFY_NONE, 9, true);
        target.tls->requireMinimumProtocol(Context::PROTO_TLSV1_2);
        target.tls->enableExtendedCertificateVerification(verify_tls);
    } catch (const Poco::Exception&) {
        throw Failure(SH_INVALID, "plugins.tracing.ca_file cannot be read: " + ca_file);
    }
    return target;
}

HeaderList read_headers(const std::string& text) {
    HeaderList headers;
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = trimmed(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t colon = std::min(line.find(':'), line.size());
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
        const bool is_clean = std::none_of(
            value.begin(), value.end(), [](unsigned char letter) { return letter < ' ' || letter == 127; });
        if (!is_token(name) || value.empty() || !is_clean)
            throw Failure(SH_INVALID, "plugins.tracing.headers_file, line " + std::to_string(number) +
                                          ": a line is \"name: value\"");
        headers.emplace_back(name, value);
    }
    return headers;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw Failure(SH_INVALID, "plugins.tracing.headers_file cannot be read: " + path);
    std::string text(kMaxFileBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes)
        throw Failure(SH_INVALID, "plugins.tracing.headers_file has more than 64 KiB: " + path);
    return text;
}

void Collector::connect(Time deadline) {
    if (session_ == nullptr) {
        const auto& url = target_.url;
        if (target_.tls)
            session_ =
                std::make_unique<Poco::Net::HTTPSClientSession>(url.getHost(), url.getPort(), target_.tls);
        else
            session_ = std::make_unique<Poco::Net::HTTPClientSession>(url.getHost(), url.getPort());
        session_->setKeepAlive(true);
    }
    session_->setTimeout(left_until(deadline), left_until(deadline), left_until(deadline));
}

Reply Collector::exchange(const std::string& body, const HeaderList& headers, Time deadline) {
    using namespace Poco::Net;
    connect(deadline);
    HTTPRequest request(HTTPRequest::HTTP_POST, target_.url.getPathAndQuery(), HTTPMessage::HTTP_1_1);
    for (const auto& [name, value] : headers)
        request.set(name, value);
    request.setContentType("application/x-protobuf");
    request.setContentLength(static_cast<std::streamsize>(body.size()));
    request.set("User-Agent", "streamhost");
    request.setKeepAlive(true);
    std::ostream& out = session_->sendRequest(request);
    watch(deadline);
    out << body << std::flush;
    HTTPResponse response;
    std::istream& in = session_->receiveResponse(response);
    // Without it the stream would swallow what its socket throws, and a cut would look like an end.
    in.exceptions(std::ios::badbit);
    Reply reply{.status = static_cast<int>(response.getStatus()), .retry_after = {}, .body = {}, .why = {}};
    reply.retry_after = read_retry_after(response.get("Retry-After", ""), std::chrono::system_clock::now());
    reply.body = read_body(in);
    // What is left of the body, or of another answer, would be taken for the next one's.
    if (!in.eof() || !response.getKeepAlive()) session_.reset();
    return reply;
}

Reply Collector::post(const std::string& body, const HeaderList& headers, Time deadline) noexcept {
    // A connection that was kept may have been closed meanwhile, which shows only now.
    const bool was_kept = session_ != nullptr;
    Reply reply = try_exchange(body, headers, deadline);
    const bool is_closed = was_kept && reply.status == 0 && std::chrono::steady_clock::now() < deadline;
    return is_closed ? try_exchange(body, headers, deadline) : reply;
}

Reply Collector::try_exchange(const std::string& body, const HeaderList& headers, Time deadline) noexcept {
    Reply reply;
    try {
        reply = exchange(body, headers, deadline);
    } catch (const Poco::Exception& error) {
        session_.reset();
        try {
            reply.why = error.displayText();
        } catch (...) {
            reply.why.clear();
        }
    } catch (...) {
        session_.reset();
    }
    unwatch();
    return reply;
}

// The session may close its descriptor at any error, and its number may be somebody else's the moment after;
// one of our own stays ours.
void Collector::watch(Time deadline) {
    const int own = ::fcntl(session_->socket().impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
    const std::lock_guard lock(mutex_);
    watched_fd_ = own;
    watched_until_ = deadline;
}

void Collector::unwatch() {
    const std::lock_guard lock(mutex_);
    if (watched_fd_ >= 0) ::close(watched_fd_);
    watched_fd_ = -1;
}

void Collector::interrupt_late(Time now) {
    const std::lock_guard lock(mutex_);
    if (watched_fd_ >= 0 && now >= std::min(watched_until_, hurry_until_)) ::shutdown(watched_fd_, SHUT_RDWR);
}

void Collector::hurry(Time deadline) {
    const std::lock_guard lock(mutex_);
    hurry_until_ = deadline;
}

}  // namespace tracing
