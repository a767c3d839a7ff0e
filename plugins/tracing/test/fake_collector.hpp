// A collector that answers each request with the next of the given texts, the last one again and again; an
// empty text is no answer until the test ends. Keeps connections. Loopback, a port of the system's choice.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

namespace tracing::testing {

inline std::string answer(int status, const std::string& headers = "", const std::string& body = "") {
    return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + headers + "\r\n" + body;
}

class FakeCollector {
public:
    explicit FakeCollector(std::vector<std::string> answers)
        : answers_(std::move(answers)), socket_(Poco::Net::SocketAddress("127.0.0.1", 0)) {
        thread_ = std::thread([this] { serve(); });
    }
    ~FakeCollector() {
        ends_ = true;
        thread_.join();
    }
    FakeCollector(const FakeCollector&) = delete;
    FakeCollector& operator=(const FakeCollector&) = delete;

    [[nodiscard]] std::string endpoint() const {
        return "http://127.0.0.1:" + std::to_string(socket_.address().port());
    }
    [[nodiscard]] std::vector<std::string> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    bool comes(const Poco::Net::Socket& socket) const {
        while (!ends_)
            if (socket.poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ)) return true;
        return false;
    }
    void serve() {
        while (comes(socket_)) {
            Poco::Net::StreamSocket peer = socket_.acceptConnection();
            try {
                while (comes(peer) && read_request(peer))
                    reply(peer);
            } catch (const Poco::Exception&) {
                // The exporter went away: the test looks at what it says.
            }
        }
    }
    bool read_request(Poco::Net::StreamSocket& peer) {
        std::string request;
        std::vector<char> block(4'096);
        while (true) {
            const std::size_t head = request.find("\r\n\r\n");
            const std::size_t length = request.find("Content-Length: ");
            if (head != std::string::npos && length != std::string::npos &&
                request.size() >= head + 4 + std::stoul(request.substr(length + 16)))
                break;
            const int count =
                comes(peer) ? peer.receiveBytes(block.data(), static_cast<int>(block.size())) : 0;
            if (count <= 0) return false;
            request.append(block.data(), static_cast<std::size_t>(count));
        }
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
        return true;
    }
    void reply(Poco::Net::StreamSocket& peer) {
        const std::string text = answers_.at(std::min(answered_++, answers_.size() - 1));
        if (text.empty()) comes(peer);
        peer.sendBytes(text.data(), static_cast<int>(text.size()));
        if (text.find("Connection: close") != std::string::npos) peer.shutdown();
    }

    std::vector<std::string> answers_;
    std::size_t answered_ = 0;
    Poco::Net::ServerSocket socket_;
    std::mutex mutex_;
    std::vector<std::string> requests_;
    std::atomic<bool> ends_{false};
    std::thread thread_;
};

}  // namespace tracing::testing
