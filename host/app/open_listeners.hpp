#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/given_sockets.hpp"
#include "app/settings.hpp"
#include "net/listen_socket.hpp"
#include "net/socket_file.hpp"

namespace streamhost::app {

/// What a listener listens with.
struct OpenListener {
    std::vector<net::ListenSocket> sockets;
    net::SocketFile file;  ///< nothing but for a Unix socket that this process made
    std::string address;   ///< where it is; port 0 has become one
};

struct OpenListeners {
    std::vector<OpenListener> clients;  ///< as Settings::listeners
    OpenListener admin;

    /// While the sockets are open: what this process made is removed.
    void remove_client_files() noexcept;
};

/// Takes what was given for a listener, and opens the others. Throws std::runtime_error with all that does
/// not work; what was opened by then is closed. [control]
[[nodiscard]] OpenListeners open_listeners(const Settings& settings, const std::vector<GivenSocket>& given);

}  // namespace streamhost::app
