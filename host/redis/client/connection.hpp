#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "redis/client/host_lookup.hpp"
#include "redis/client/tls.hpp"
#include "redis/link.hpp"
#include "runtime/loop.hpp"

namespace streamhost::redis {

struct ConnectionOptions {
    LinkOptions link;
    std::uint32_t connect_ms = 1'000;  // TCP and TLS together
    std::uint32_t answer_ms = 1'500;   // without a byte while an answer is due
    std::uint32_t whole_ms = 15'000;   // without a whole value meanwhile, whatever bytes come
    std::uint32_t ping_ms = 1'000;     // without a question before a PING
    const TlsContext* tls = nullptr;   // none: plain TCP
};

// The problem: a server that hangs, or whose packets vanish, never says so; a socket to it looks well for
// minutes.
//
// One socket, plain or TLS, that drives a Link on the loop: connects with a deadline, PINGs when nobody asks,
// and ends as soon as an answer is due and no byte came for `answer_ms`. Any byte counts, so that a long
// answer over a slow network is none of that; but bytes that become no value for `whole_ms` are a server that
// announced more than it sends, and would take every later answer for the rest. What was put into the Link
// leaves with flush(), in as few writes as the socket takes; reads are bounded per round. tick() is to be
// called each few dozen milliseconds. Used once: a new connection is a new object. [store]
class Connection final : public runtime::FdHandler {
public:
    Connection(runtime::Loop& loop, ConnectionOptions options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Tries the endpoints in order. `host` is what a certificate must name.
    void open(Endpoints endpoints, const std::string& host);
    // Everything open is answered inside; no effect when it has ended.
    void close(LinkEnd why, std::string_view detail = {});
    void flush();
    void tick(std::int64_t now_ms);

    [[nodiscard]] Link& link() noexcept { return link_; }
    [[nodiscard]] bool has_ended() const noexcept { return phase_ == Phase::kEnded; }
    [[nodiscard]] LinkEnd end() const noexcept { return end_; }
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
    // When the last byte came.
    [[nodiscard]] std::int64_t heard_ms() const noexcept { return heard_ms_; }

    // The Link is ready; the connection ended (may destroy neither). Never inside open().
    UniqueFunction<void()> on_ready;
    UniqueFunction<void()> on_end;
    // Bytes came or went: there may be room for more.
    UniqueFunction<void()> on_progress;

private:
    enum class Phase : std::uint8_t { kIdle = 1, kConnecting, kShaking, kOpen, kEnded };

    void on_fd(std::uint32_t events) override;
    void connect_next();
    [[nodiscard]] bool start_connect(const Endpoint& endpoint);
    void finish_connect();
    void shake();
    void opened();
    void read();
    void take_pending();
    void watch();
    void ping(std::int64_t now_ms);
    void check_silence(std::int64_t now_ms);
    void end_with(LinkEnd why, std::string_view detail);
    void drop_socket() noexcept;
    [[nodiscard]] tls::IoResult receive(char* into, std::size_t size);
    [[nodiscard]] tls::IoResult transmit(std::string_view bytes);
    [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(loop_.now_ms()); }

    runtime::Loop& loop_;
    const ConnectionOptions options_;
    Link link_;
    Phase phase_ = Phase::kIdle;
    Endpoints endpoints_;
    std::size_t next_endpoint_ = 0;
    std::string host_;
    std::string error_;  // of the socket, the last one
    int fd_ = -1;
    runtime::FdToken token_;
    std::uint32_t watched_ = 0;
    std::optional<tls::Stream> tls_;
    std::int64_t connect_until_ms_ = 0;
    std::int64_t heard_ms_ = 0;
    std::int64_t whole_ms_ = 0;         // when the last value came
    std::uint64_t values_ = 0;          // by then
    std::int64_t awaits_since_ms_ = 0;  // 0: nothing
    std::int64_t asked_ms_ = 0;
    LinkEnd end_ = LinkEnd::kNone;
    std::string detail_;
    // Tasks of the loop look here whether this object still lives.
    std::shared_ptr<Connection*> self_ = std::make_shared<Connection*>(this);
};

}  // namespace streamhost::redis
