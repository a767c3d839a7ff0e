// One POST to the collector: request out, answer in, within its time. Poco's client session does HTTP and
// TLS, one connection is kept as long as it holds. [worker] but for interrupt_late().
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/URI.h>

#include "retry.hpp"

namespace tracing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Target {
    Poco::URI url;
    Poco::Net::Context::Ptr tls;  // null: plain HTTP
};
// Throws Failure(SH_INVALID) for an endpoint that is none or a ca_file that cannot be read.
[[nodiscard]] Target make_target(const std::string& endpoint, const std::string& ca_file, bool verify_tls);

// "name: value" lines; empty ones and those that begin with # are skipped. Throws Failure(SH_INVALID) naming
// the line, never its value.
[[nodiscard]] HeaderList read_headers(const std::string& text);
// The whole file, at most 64 KiB. Throws Failure(SH_INVALID).
[[nodiscard]] std::string read_file(const std::string& path);

class Collector {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Collector(Target target) : target_(std::move(target)) {}

    // Never throws. One at a time.
    [[nodiscard]] Reply post(const std::string& body, const HeaderList& headers, Time deadline) noexcept;
    // A post that is past `deadline` of its own, or of ours, comes back with what it has. Each read has a
    // limit by itself, but many short ones make a long one. [any]
    void interrupt_late(Time now);
    void hurry(Time deadline);

private:
    Reply try_exchange(const std::string& body, const HeaderList& headers, Time deadline) noexcept;
    Reply exchange(const std::string& body, const HeaderList& headers, Time deadline);
    void connect(Time deadline);
    void watch(Time deadline);
    void unwatch();

    const Target target_;
    std::unique_ptr<Poco::Net::HTTPClientSession> session_;
    std::mutex mutex_;     // guards all below
    int watched_fd_ = -1;  // a duplicate of the session's, to shut it down
    Time watched_until_{};
    Time hurry_until_ = Time::max();
};

}  // namespace tracing
