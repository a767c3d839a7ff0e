#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "redis/client/connection.hpp"
#include "redis/client/options.hpp"

namespace streamhost::redis {

// Which process and which history of data a connection ended at. Empty where the user may not ask (INFO).
struct Identity {
    std::string run_id;
    std::string replid;
};

// Of the server, as it says itself; used_bytes is 0 until it was asked, and where the user may not ask.
struct ServerState {
    std::uint64_t used_bytes = 0;
    std::uint64_t max_bytes = 0;  // 0: no limit
    std::uint64_t replicas = 0;   // that are connected to it
};

class Slot;
class SlotEvents {
public:
    virtual ~SlotEvents() = default;
    virtual void on_identified(Slot& slot) = 0;  // may close it
    virtual void on_ready(Slot& slot) = 0;
    // It is down; `ready_ms` is how long it was ready, -1 if never.
    virtual void on_lost(Slot& slot, LinkEnd why, std::string_view detail, std::int64_t ready_ms) = 0;
    // Something could leave: flush() at the end of this round.
    virtual void on_due() = 0;
    virtual void on_trouble(ReportLevel level, std::string_view cause, std::string_view text) = 0;
    // An error of the server, of whatever command.
    virtual void on_error(std::string_view error) = 0;
    // Between 0 and 1.
    virtual double random() = 0;
    // An ended connection that may still be further up the stack.
    virtual void bury(std::unique_ptr<Connection> connection) = 0;
};

// The problem: a connection is of no use before the server behind it proved what it is and was prepared, and
// what was asked through it must survive it.
//
// One place for a connection to the master. connect() opens one: the Link checks version and role, then the
// identity is asked for, then the kind of slot prepares it. What the slot keeps (calls, subscriptions) stays
// when the connection is lost. [store]
class Slot {
public:
    Slot(runtime::Loop& loop, ConnectionOptions options, SlotEvents& events)
        : loop_(loop), options_(std::move(options)), events_(events) {}
    virtual ~Slot() = default;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    void connect(const Endpoints& endpoints, const std::string& host);
    void close(LinkEnd why, std::string_view detail);
    void tick(std::int64_t now_ms);
    virtual void flush() = 0;
    // Only when ready; server() tells when it has answered.
    void ask_server();

    [[nodiscard]] bool is_down() const noexcept { return connection_ == nullptr; }
    [[nodiscard]] bool is_ready() const noexcept { return ready_since_ms_ >= 0; }
    [[nodiscard]] std::int64_t ready_since_ms() const noexcept { return ready_since_ms_; }
    [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
    [[nodiscard]] std::int64_t heard_ms() const noexcept { return connection_ ? connection_->heard_ms() : 0; }
    [[nodiscard]] const ServerState& server() const noexcept { return server_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }

protected:
    // Ends with become_ready().
    virtual void prepare() = 0;
    virtual void on_push(const RespValue&) {}
    virtual void on_down() {}  // the connection and is_ready() are still as they were
    virtual void on_time(std::int64_t) {}

    void become_ready();
    [[nodiscard]] bool send(std::string_view command, LinkDone done);
    [[nodiscard]] Connection* connection() noexcept { return connection_.get(); }
    [[nodiscard]] SlotEvents& events() noexcept { return events_; }
    [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(loop_.now_ms()); }

private:
    void identify();
    void read_info(const LinkReply& reply);
    void ask_info(std::string_view section, void (*read)(std::string_view, ServerState&));
    void lost();

    runtime::Loop& loop_;
    const ConnectionOptions options_;
    SlotEvents& events_;
    std::unique_ptr<Connection> connection_;
    Identity identity_;
    ServerState server_;
    std::string version_;
    std::int64_t ready_since_ms_ = -1;
};

}  // namespace streamhost::redis
