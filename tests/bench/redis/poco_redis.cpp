// What Poco::Redis 1.11 and our reader make of the same bytes of a server: whole answers, answers that are
// cut by the end of the connection, and the types of RESP3. Loopback, one connection per row, every wait has
// a limit.
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Redis/Array.h>
#include <Poco/Redis/Client.h>

#include "redis/resp.hpp"

namespace {

using streamhost::redis::RespReader;

const Poco::Timespan kPatience(2, 0);

// Takes one request, whatever it is, answers with `bytes` and hangs up.
class Server {
public:
    explicit Server(std::string bytes)
        : socket_(Poco::Net::SocketAddress("127.0.0.1", 0)), thread_([this, said = std::move(bytes)] {
              Poco::Net::StreamSocket peer = socket_.acceptConnection();
              peer.setReceiveTimeout(kPatience);
              char request[256];
              (void)peer.receiveBytes(request, sizeof(request));
              peer.sendBytes(said.data(), static_cast<int>(said.size()));
          }) {}
    ~Server() { thread_.join(); }
    [[nodiscard]] Poco::Net::SocketAddress address() const { return socket_.address(); }

private:
    Poco::Net::ServerSocket socket_;
    std::thread thread_;
};

std::string in_poco(const std::string& bytes) {
    Server server(bytes);
    Poco::Redis::Client client;
    try {
        client.connect(server.address(), kPatience);
        client.setReceiveTimeout(kPatience);
        Poco::Redis::Array get;
        get << "GET"
            << "key";
        const Poco::Redis::RedisType::Ptr reply = client.sendCommand(get);
        const std::string still = client.isConnected() ? ", still \"connected\"" : "";
        std::string text = reply->toString();
        for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n"))
            text.replace(at, 2, "|");
        return "answers " + text + still;
    } catch (const Poco::Exception& error) {
        return "throws " + error.displayText();
    } catch (const std::exception& error) {
        return std::string("throws ") + error.what();
    }
}

std::string in_ours(const std::string& bytes) {
    RespReader reader;
    reader.feed(bytes);
    if (reader.next()) return "one whole reply";
    const auto fault = reader.fault();
    return fault == streamhost::redis::RespFault::kNone ? "not whole: waits for more"
                                                        : "refused: " + std::string(describe(fault));
}

void row(const char* what, const std::string& bytes) {
    std::printf("%-36s | %-62s | %s\n", what, in_poco(bytes).c_str(), in_ours(bytes).c_str());
}

}  // namespace

int main() {
    std::printf("%-36s | %-62s | %s\n", "the server says, and hangs up", "Poco::Redis::Client", "RespReader");
    row("a text of 10 bytes", "$10\r\nabcdefghij\r\n");
    row("a text of 10 bytes, cut after 3", "$10\r\nabc");
    row("the number 1234", ":1234\r\n");
    row("the number 1234, cut after 12", ":12");
    row("nothing", "");
    row("a map of RESP3", "%1\r\n+a\r\n:1\r\n");
    row("a push of RESP3", ">2\r\n+message\r\n+a\r\n");
    return 0;
}
