#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/unique_function.hpp"

#include "redis/resp.hpp"
#include "store/channels.hpp"
#include "store/status.hpp"

namespace streamhost::redis {

// The problem: what a store's commands mean and how a connection finds, loses and finds again the master that
// answers them are two things that each fill a mind. Port is the line between them: above it the driver,
// which knows scripts and keys and no socket; below it the client, which knows connections and no key.
//
// Everything on the store loop. [store]

// How a call ended.
enum class CallEnd : std::uint8_t {
    kReply = 1,    // value is the server's; of its errors those remain that are about the command itself
    kTimeout,      // sent, and no answer in time: says nothing about the effect
    kUnavailable,  // no master in time, or the breaker is open: it had no effect
    kClosed,       // close() came first: says nothing about the effect
};

struct CallReply {
    CallEnd end = CallEnd::kClosed;
    RespValue value;  // kReply; valid during the call
};
using CallDone = UniqueFunction<void(const CallReply&)>;

// A channel's name, or a pattern of names as the server understands it.
enum class ListenTo : std::uint8_t { kChannel = 1, kPattern };

// Where live things arrive, until close() has returned. Never inside one of the port's functions.
class PortEvents {
public:
    virtual ~PortEvents() = default;

    // `pattern` is empty for a plain subscription. Views until it returns.
    virtual void on_message(std::string_view pattern, std::string_view channel, std::string_view payload) = 0;
    // Up: the master is known, and every subscription was made anew and acknowledged. Each up has an epoch of
    // its own, greater than those before.
    virtual void on_link(store::Link link, std::uint64_t epoch) = 0;
};

class Port {
public:
    virtual ~Port() = default;

    // Before anything else: `preamble` are commands (RESP) that every new connection for calls runs before it
    // is used, such as SCRIPT LOAD; an error among their answers is only logged.
    virtual void start(PortEvents& events, std::vector<std::string> preamble) = 0;

    // Runs one command (RESP of exactly one, see command.hpp) that may be repeated: while its time lasts it
    // is sent again after a lost connection. Calls with the same `order` take effect in the order of the
    // calls, whatever connections end meanwhile. `done` runs once, never inside the call; with kBusy and
    // kGone never.
    [[nodiscard]] virtual store::Submit call(std::string_view order, std::string command,
                                             std::uint32_t timeout_ms, CallDone done) = 0;

    // The same, but only on the connection that is there now: a command whose effect must not be that of
    // another server. When that connection ends it is answered, kTimeout if it was sent; so it is when there
    // is none. What the server refuses for now is answered at once, too.
    [[nodiscard]] virtual store::Submit call_once(std::string_view order, std::string command,
                                                  std::uint32_t timeout_ms, CallDone done) = 0;

    // Listens from the moment of `done` (kReply) on, over lost connections, until unlisten. No counting: a
    // repeat is answered like the first. After any other end than kReply it does not listen.
    [[nodiscard]] virtual store::Submit listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                                               CallDone done) = 0;
    [[nodiscard]] virtual store::Submit unlisten(ListenTo kind, std::string_view name,
                                                 std::uint32_t timeout_ms, CallDone done) = 0;

    // Answers what is open with kClosed, closes every connection, takes nothing more.
    virtual void close() = 0;

    // Calls without an answer, listens included.
    [[nodiscard]] virtual std::uint64_t in_flight() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t subscriptions() const noexcept = 0;
};

}  // namespace streamhost::redis
