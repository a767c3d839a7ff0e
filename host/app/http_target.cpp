#include "app/http_target.hpp"

#include <string_view>

#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>

#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

constexpr std::string_view kUnix = "http://unix:/";
constexpr std::string_view kScheme = "http://";

}  // namespace

HttpTarget::HttpTarget(const std::string& url) {
    if (url.starts_with(kUnix)) {
        const std::size_t end = url.find(':', kUnix.size());
        socket_ = net::parse_address(url.substr(kScheme.size(), end - kScheme.size()));
        if (end + 1 < url.size() && end != std::string::npos) path_ = url.substr(end + 1);
        return;
    }
    const Poco::URI where(url);
    host_ = where.getHost();
    port_ = where.getPort();
    if (!where.getPathAndQuery().empty()) path_ = where.getPathAndQuery();
}

std::unique_ptr<Poco::Net::HTTPClientSession> HttpTarget::session(const Poco::Timespan& patience) const {
    if (!socket_) {
        auto session = std::make_unique<Poco::Net::HTTPClientSession>(host_, port_);
        session->setTimeout(patience);
        return session;
    }
    Poco::Net::StreamSocket socket;
    socket.connect(*socket_, patience);
    socket.setSendTimeout(patience);
    socket.setReceiveTimeout(patience);
    return std::make_unique<Poco::Net::HTTPClientSession>(socket);
}

void HttpTarget::name_in(Poco::Net::HTTPRequest& request) const {
    if (socket_) request.setHost("localhost");
}

}  // namespace streamhost::app
