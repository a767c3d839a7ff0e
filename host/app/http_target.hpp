#pragma once

#include <memory>
#include <optional>
#include <string>

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Timespan.h>

namespace streamhost::app {

/// Whom the program's own commands ask: "http://127.0.0.1:8091/health/ready", or
/// "http://unix:/run/streamhost/admin.sock:/health/ready" for a Unix socket. Without a path it is "/".
class HttpTarget {
public:
    /// Throws Poco::SyntaxException for an address that is none.
    explicit HttpTarget(const std::string& url);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Of a time for each wait. Throws Poco::Exception when nobody listens at a Unix socket; elsewhere the
    /// first request does.
    [[nodiscard]] std::unique_ptr<Poco::Net::HTTPClientSession> session(const Poco::Timespan& patience) const;
    /// Says in Host whom it is for, where the session does not know.
    void name_in(Poco::Net::HTTPRequest& request) const;

private:
    std::string host_;
    Poco::UInt16 port_ = 0;
    std::optional<Poco::Net::SocketAddress> socket_;  // a Unix socket
    std::string path_ = "/";
};

}  // namespace streamhost::app
