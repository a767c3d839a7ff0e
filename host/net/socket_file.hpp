#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>
#include <utility>

#include "net/owned_descriptor.hpp"

namespace streamhost::net {

/// Who may connect to a Unix socket.
struct SocketFileOptions {
    mode_t mode = 0660;
    std::string group;       ///< empty: that of the process
    int type = SOCK_STREAM;  ///< or SOCK_SEQPACKET
};

/// The problem: the file of a Unix socket stays when its process has died, and nobody can listen there until
/// somebody removes it. But removed too eagerly it may be the one of a process that lives.
///
/// The file of a listening Unix socket. The one that it finds is looked at first: where somebody listens it
/// throws Poco::Net::NetException, a dead one is removed, and what is no socket is left alone. Two processes
/// that start at once in one folder do this one after the other. [control]
class SocketFile {
public:
    /// One that this process makes. `socket` listens when this returns.
    static SocketFile make(const std::string& path, const SocketFileOptions& options, int backlog,
                           OwnedDescriptor& socket);
    /// One that is to be looked after from now on, as who() of its former owner said; none if it said
    /// nothing.
    SocketFile(std::string path, std::string who) : path_(std::move(path)), who_(std::move(who)) {}
    SocketFile() = default;

    /// Removes it, if it is still this one. To be called while the socket is open: only that keeps another
    /// file from looking the same.
    void remove() noexcept;
    /// Somebody else looks after it.
    void leave() noexcept { who_.clear(); }
    [[nodiscard]] const std::string& who() const noexcept { return who_; }

private:
    std::string path_;
    std::string who_;  // device and inode; empty: there is nothing to look after
};

}  // namespace streamhost::net
