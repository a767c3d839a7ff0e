#pragma once

#include <future>
#include <memory>

#include "net/listen_socket.hpp"

namespace streamhost::app {

class Node;

/// The admin listener: Poco's HTTPServer, a thread and a connection per request, for the few who look after
/// the node. Serves the host's own calls and the routes that plugins registered for it; health and metrics
/// are such routes. Nobody keeps a thread for long (admin_socket.hpp), and pages of other sites are refused,
/// also those that give themselves a name for this machine (exposure.hpp).
class AdminServer {
public:
    AdminServer(Node& node, const net::ListenSocket& socket);  ///< [control]
    ~AdminServer();                                            ///< closes it and waits until it has
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    void start();
    void stop_accepting() noexcept;  ///< what was accepted is answered
    /// [control] Takes no more requests; those under way still get their answers. True when they have, so ask
    /// again until then.
    [[nodiscard]] bool close();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
    std::future<void> closing_;  // Poco's server waits for its threads
};

}  // namespace streamhost::app
