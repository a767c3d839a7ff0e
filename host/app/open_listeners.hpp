#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/given_sockets.hpp"
#include "app/handover_taker.hpp"
#include "app/settings.hpp"
#include "net/listen_socket.hpp"
#include "net/socket_file.hpp"

namespace streamhost::app {

/// What a listener listens with.
struct OpenListener {
    std::vector<net::ListenSocket> sockets;
    net::SocketFile file;  ///< nothing but for a Unix socket that this process looks after
    net::SocketFile heir;  ///< the same, from when the process that gave it has left
    std::string address;   ///< where it is; port 0 has become one
    std::string wanted;    ///< the same as configured
};

struct OpenListeners {
    std::vector<OpenListener> clients;  ///< as Settings::listeners
    OpenListener admin;

    /// While the sockets are open: what this process made is removed.
    void remove_client_files() noexcept;
    void close_clients() noexcept;
    /// Another process looks after all of them.
    void leave_files() noexcept;
    /// The process that gave sockets has left.
    void inherit_files();
};

/// Takes what was given for a listener, or what the process that ran here (`before`, or nullptr) has for one
/// of the same name and address, and opens the others. Throws std::runtime_error with all that does not work;
/// what was opened by then is closed. [control]
[[nodiscard]] OpenListeners open_listeners(const Settings& settings, const std::vector<GivenSocket>& given,
                                           Handover* before);

}  // namespace streamhost::app
