#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "loop.hpp"
#include "ws_client.hpp"

namespace streamhost::load {

struct Target {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string path = "/echo";
    std::string subprotocol;
};

// One WebSocket client. It answers pings by itself. Whatever ends the connection but abort() throws Failure,
// unless the scenario expects to lose one: then it may be opened again, but not inside lost().
class Connection final : private Loop::Handler {
public:
    class Events {
    public:
        virtual void opened(Connection& connection) = 0;
        // `text` is followed by kPadding bytes that may be read; it lives until the call returns.
        virtual void message(Connection& connection, std::string_view text) = 0;
        virtual void pong(Connection&) {}
        // True: it was expected.
        virtual bool lost(Connection&, std::string_view) { return false; }

    protected:
        ~Events() = default;
    };
    static constexpr std::size_t kPadding = 64;

    // `number` is the caller's; the source address follows from it (127.0.0.2 and further), because one
    // address has only 28,000 ports to come from.
    Connection(Loop& loop, Events& events, std::uint32_t number);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void open(const Target& target);
    void send_text(std::string_view text) { send(Opcode::kText, text); }
    void send_binary(std::string_view bytes) { send(Opcode::kBinary, bytes); }
    void ping() { send(Opcode::kPing, "load"); }
    // Ends with a reset, so that no port is left waiting.
    void abort();

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    // When open() was called, and when the bytes of the message in hand were read.
    [[nodiscard]] std::int64_t open_ns() const noexcept { return open_ns_; }
    [[nodiscard]] std::int64_t read_ns() const noexcept { return read_ns_; }

private:
    enum class Phase : std::uint8_t { kIdle = 1, kConnecting, kUpgrading, kOpen };

    void ready(std::uint32_t events) override;
    void flush() override;
    void send(Opcode opcode, std::string_view payload);
    void connected();
    void read();
    std::size_t take(std::string_view bytes);
    void handle(const Frame& frame);
    [[noreturn]] void fail(const std::string& what) const;
    void lose(const std::string& what);

    Loop& loop_;
    Events& events_;
    std::uint32_t number_;
    int fd_ = -1;
    Phase phase_ = Phase::kIdle;
    bool is_flushing_ = false;  // in the loop's list
    bool is_blocked_ = false;   // waits for EPOLLOUT
    std::uint32_t mask_;
    std::int64_t open_ns_ = 0;
    std::int64_t read_ns_ = 0;
    std::string key_;
    std::string request_;
    std::string out_;
    std::string partial_;
};

}  // namespace streamhost::load
