#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/handover_words.hpp"
#include "net/descriptor_link.hpp"
#include "net/socket_file.hpp"
#include "observe/logging.hpp"
#include "runtime/loop.hpp"

namespace streamhost::app {

/// A listener as a running process gives it away.
struct HandedListener {
    std::string name;
    std::string address;  ///< as configured
    std::string owner;    ///< SocketFile::who(), or nothing
    std::vector<int> descriptors;
};

/// What the process that gives is asked.
struct HandoverPorts {
    std::function<std::string()> why_not;  ///< nothing: it serves, and may be followed
    std::function<std::vector<HandedListener>()> listeners;
    std::string node_id;
    std::uint64_t watchdog_us;    ///< of its service manager
    std::function<void()> leave;  ///< the follower serves: this process listens no more and ends
};

struct HandoverWait {};

/// The problem: a socket that is closed resets whoever waits in its queue, so a process that is started anew
/// has to get the very sockets of the one that runs, while that one still serves.
///
/// Gives them to whoever asks at a Unix socket and is of the same user, one at a time. Until that one says
/// that it serves nothing has changed here: if it ends before, or takes too long, this process goes on.
/// [control]
class HandoverGiver final : private runtime::FdHandler,
                            private runtime::TimerFor<HandoverGiver, HandoverWait> {
public:
    /// `socket` listens for packets.
    HandoverGiver(runtime::Loop& loop, int socket, HandoverPorts ports);
    ~HandoverGiver();
    HandoverGiver(const HandoverGiver&) = delete;
    HandoverGiver& operator=(const HandoverGiver&) = delete;

    /// Whoever is about to follow must not.
    void call_off(const std::string& why);

private:
    friend runtime::TimerFor<HandoverGiver, HandoverWait>;
    class Follower;
    using Wait = runtime::TimerFor<HandoverGiver, HandoverWait>;

    void on_fd(std::uint32_t events) override;  // somebody connects
    void on_timer(HandoverWait);
    void heard(const HandoverWord& word);
    void give();
    [[nodiscard]] bool send(const HandedListener& listener) const;
    void refuse(const std::string& why);
    void fail(const std::string& why);
    void part();  // with the follower, whatever it said

    runtime::Loop& loop_;
    const HandoverPorts ports_;
    const int socket_;
    runtime::FdToken token_;
    std::unique_ptr<Follower> follower_;
    observe::Log log_{"handover"};
};

}  // namespace streamhost::app
