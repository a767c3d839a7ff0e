// A provider's server that does what a test says: one script per connection, played after the request has
// come in whole, or the first byte of what is none. Every wait has a limit. Loopback, a port of the system's
// choice.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

namespace chat::testing {

struct ScriptedServerOptions {
    Poco::Net::Context::Ptr tls = nullptr;  // null: plain
    bool reads_request = true;              // else the script begins with the first bytes that come
};

class ScriptedServer {
public:
    class Peer {
    public:
        explicit Peer(ScriptedServer& server, Poco::Net::StreamSocket socket)
            : server_(server), socket_(std::move(socket)) {}
        void send(const std::string& bytes) {
            socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        }
        // Until the other side has gone, or the server is told to end.
        void hold() {
            char byte = 0;
            while (!server_.ending()) {
                if (!socket_.poll(Poco::Timespan(0, 20'000), Poco::Net::Socket::SELECT_READ)) continue;
                if (socket_.receiveBytes(&byte, 1) <= 0) return;
            }
        }
        // Waits so long for the other side to go.
        bool gone_within(Poco::Timespan time) { return socket_.poll(time, Poco::Net::Socket::SELECT_READ); }
        // A connection that breaks: RST, not FIN.
        void reset() {
            socket_.setLinger(true, 0);
            socket_.close();
        }

    private:
        ScriptedServer& server_;
        Poco::Net::StreamSocket socket_;
    };
    using Script = std::function<void(Peer&)>;

    explicit ScriptedServer(std::vector<Script> scripts, ScriptedServerOptions options = {})
        : scripts_(std::move(scripts)), options_(options), socket_(listen(options)) {
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedServer() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        thread_.join();
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(socket_.address().port()) + "/v1";
    }
    [[nodiscard]] std::vector<std::string> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    [[nodiscard]] bool ending() {
        const std::lock_guard lock(mutex_);
        return ending_;
    }

private:
    static Poco::Net::ServerSocket listen(const ScriptedServerOptions& options) {
        const Poco::Net::SocketAddress any("127.0.0.1", 0);
        if (options.tls) return Poco::Net::SecureServerSocket(any, 64, options.tls);
        return Poco::Net::ServerSocket(any);
    }
    void serve() {
        for (const Script& script : scripts_) {
            while (!socket_.poll(Poco::Timespan(0, 20'000), Poco::Net::Socket::SELECT_READ))
                if (ending()) return;
            try {
                Poco::Net::StreamSocket accepted = socket_.acceptConnection();
                accepted.setReceiveTimeout(Poco::Timespan(5, 0));
                read_request(accepted);
                Peer peer(*this, accepted);
                script(peer);
            } catch (const Poco::Exception&) {
                // The client went away in the middle of the script: the test looks at what it got.
            }
        }
    }
    void read_request(Poco::Net::StreamSocket& from) {
        std::string request;
        char block[4096];
        while (true) {
            const std::size_t head = request.find("\r\n\r\n");
            const std::size_t length = request.find("Content-Length: ");
            if (!options_.reads_request && !request.empty()) break;
            if (head != std::string::npos && length != std::string::npos &&
                request.size() >= head + 4 + std::stoul(request.substr(length + 16)))
                break;
            const int count = from.receiveBytes(block, sizeof(block));
            if (count <= 0) break;
            request.append(block, static_cast<std::size_t>(count));
        }
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
    }

    std::vector<Script> scripts_;
    ScriptedServerOptions options_;
    Poco::Net::ServerSocket socket_;
    std::mutex mutex_;
    std::vector<std::string> requests_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace chat::testing
