// Poco's HTTPServer with its WebSocket: a thread per connection, as it is meant to be used. A message goes
// out in the thread of its publisher. Usage: poco_server PORT [MOST_CONNECTIONS]
#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/ThreadPool.h>

namespace {

using Poco::Net::WebSocket;

constexpr int kStackBytes = 64 << 10;
constexpr int kPong = int{WebSocket::FRAME_FLAG_FIN} | int{WebSocket::FRAME_OP_PONG};

class Channels {
public:
    void join(const std::string& channel, WebSocket& socket) {
        const std::lock_guard lock(mutex_);
        readers_[channel].insert(&socket);
    }
    void leave(const std::string& channel, WebSocket& socket) {
        const std::lock_guard lock(mutex_);
        readers_[channel].erase(&socket);
    }
    void publish(const std::string& channel, std::string_view text) {
        const std::lock_guard lock(mutex_);
        for (WebSocket* const reader : readers_[channel]) {
            try {
                reader->sendFrame(text.data(), static_cast<int>(text.size()));
            } catch (const Poco::Exception&) {
                continue;  // its own thread sees that it is gone
            }
        }
    }
    // A pong must not fall into the middle of a message.
    void answer(WebSocket& socket, std::string_view text, int flags) {
        const std::lock_guard lock(mutex_);
        socket.sendFrame(text.data(), static_cast<int>(text.size()), flags);
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::unordered_set<WebSocket*>> readers_;
};

class Handler final : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(Channels& channels) : channels_(channels) {}

    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
        const std::string path = request.getURI();
        WebSocket socket(request, response);
        socket.setReceiveTimeout(Poco::Timespan(3'600, 0));
        socket.setNoDelay(true);
        const bool is_reader = path.starts_with("/sub/");
        if (is_reader) channels_.join(path.substr(5), socket);
        try {
            while (receive(socket, path)) {
            }
        } catch (const Poco::Exception&) {
            // The client went: it resets its connection.
        }
        if (is_reader) channels_.leave(path.substr(5), socket);
    }

private:
    bool receive(WebSocket& socket, const std::string& path) {
        char buffer[4096];
        int flags = 0;
        const int size = socket.receiveFrame(buffer, sizeof(buffer), flags);
        const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
        if ((size <= 0 && flags == 0) || opcode == WebSocket::FRAME_OP_CLOSE) return false;
        const std::string_view message(buffer, static_cast<std::size_t>(size));
        if (opcode == WebSocket::FRAME_OP_PING) {
            channels_.answer(socket, message, kPong);
        } else if (path == "/pub") {
            const std::size_t space = message.find(' ');
            channels_.publish(std::string(message.substr(0, space)), message.substr(space + 1));
        } else if (path == "/echo") {
            socket.sendFrame(buffer, size, flags);
        }
        return true;
    }

    Channels& channels_;
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(Channels& channels) : channels_(channels) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
        return new Handler(channels_);
    }

private:
    Channels& channels_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const int most = argc > 2 ? std::atoi(argv[2]) : 2'000;
    std::signal(SIGPIPE, SIG_IGN);
    Channels channels;
    Poco::ThreadPool pool(16, most, 60, kStackBytes);
    const Poco::Net::SocketAddress address("127.0.0.1", static_cast<Poco::UInt16>(std::atoi(argv[1])));
    const Poco::Net::ServerSocket socket(address, 4'096);
    auto* const settings = new Poco::Net::HTTPServerParams;
    settings->setMaxThreads(most);
    settings->setMaxQueued(most);
    Poco::Net::HTTPServer server(new Factory(channels), pool, socket, settings);
    server.start();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    int got = 0;
    (void)sigwait(&signals, &got);
    std::_Exit(0);
}
