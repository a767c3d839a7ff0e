#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/listen_socket.hpp"

namespace streamhost::app {

/// A listening socket that this process did not open.
struct GivenSocket {
    net::ListenSocket socket;
    std::string name;   ///< what its giver calls it
    std::string where;  ///< for complaints: "descriptor 3"
};

/// The problem: a service manager that listens for a service can use ports that the service may not, and
/// keeps who comes waiting while it is started anew.
///
/// What LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID of the environment give to this process, as
/// sd_listen_fds(3) says: descriptors from 3 on. None where they are for another process, or missing. Throws
/// std::runtime_error for what is no listening socket. To be called once. [control]
[[nodiscard]] std::vector<GivenSocket> inherited_sockets();

/// A listener as it is configured.
struct WantedListener {
    std::string name;
    std::string address;
};

struct AssignedSockets {
    std::map<std::string, std::vector<net::ListenSocket>, std::less<>> by_listener;
    std::vector<std::string> complaints;  ///< with the next step, each
};
/// Which listener each of the sockets is for: the one of its name, else the one that has its address. One
/// that is for none is a complaint, and so is one that others can reach where the listener's address says
/// that nobody can: that address is what the configuration was judged by. Pure but for asking the sockets.
[[nodiscard]] AssignedSockets assign(const std::vector<GivenSocket>& sockets,
                                     const std::vector<WantedListener>& listeners);

}  // namespace streamhost::app
