// What Poco 1.11 accepts from a peer and this room refuses: the same bytes to Poco::Net::WebSocket (over a
// loopback connection to a Poco HTTPServer) and to WsDecoder, and to Poco::Net::HTTPRequest and
// HttpHeadParser. Prints two tables and one story about a frame that arrives in two halves. Every wait has a
// limit of two seconds.
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <sstream>
#include <string>
#include <vector>

#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/WebSocket.h>

#include "net/http_head.hpp"
#include "net/ws_codec.hpp"

namespace {

using namespace streamhost::net;
using Poco::Net::WebSocket;

const Poco::Timespan kPatience(2, 0);

using Talk = std::function<void(WebSocket&)>;

class Handler : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(Talk talk) : talk_(std::move(talk)) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
        WebSocket socket(request, response);
        socket.setReceiveTimeout(kPatience);
        talk_(socket);
    }

private:
    Talk talk_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(Talk talk) : talk_(std::move(talk)) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
        return new Handler(talk_);
    }

private:
    Talk talk_;
};

// A Poco server whose handler talks with one raw client connection.
class Pair {
public:
    explicit Pair(Talk talk)
        : listening_(Poco::Net::SocketAddress("127.0.0.1", 0)),
          server_(new Factory(std::move(talk)), listening_, new Poco::Net::HTTPServerParams) {
        server_.start();
        client_.connect(listening_.address(), kPatience);
        client_.setReceiveTimeout(kPatience);
        send(
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        std::string answer;
        char byte = 0;
        while (answer.find("\r\n\r\n") == std::string::npos && client_.receiveBytes(&byte, 1) == 1)
            answer += byte;
    }
    ~Pair() {
        client_.close();
        server_.stopAll(true);
    }
    void send(const std::string& bytes) { client_.sendBytes(bytes.data(), static_cast<int>(bytes.size())); }

private:
    Poco::Net::ServerSocket listening_;
    Poco::Net::HTTPServer server_;
    Poco::Net::StreamSocket client_;
};

std::string receive(WebSocket& socket) {
    char buffer[512];
    int flags = 0;
    try {
        const int size = socket.receiveFrame(buffer, sizeof buffer, flags);
        char text[96];
        std::snprintf(text, sizeof text, "accepted: flags 0x%02x, %d bytes", static_cast<unsigned>(flags),
                      size);
        return text;
    } catch (const Poco::Exception& error) {
        return "refused: " + error.displayText();
    }
}

std::string poco_says(const std::string& bytes) {
    std::promise<std::string> verdict;
    std::future<std::string> result = verdict.get_future();
    Pair pair([&](WebSocket& socket) { verdict.set_value(receive(socket)); });
    pair.send(bytes);
    return result.wait_for(std::chrono::seconds(4)) == std::future_status::ready ? result.get() : "no answer";
}

std::string own_says(std::string bytes) {
    WsDecoder decoder;
    std::span<std::uint8_t> input(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
    const WsEvent event = decoder.next(input, {});
    if (event.kind != WsEventKind::kError) return "accepted";
    return "refused, " + std::to_string(event.close_code) + ": " + std::string(describe(event.fault));
}

std::string masked(int first, const std::string& payload) {
    const unsigned char key[] = {0x37, 0xfa, 0x21, 0x3d};
    std::string bytes{static_cast<char>(first), static_cast<char>(0x80 | payload.size())};
    bytes.append(reinterpret_cast<const char*>(key), 4);
    for (std::size_t i = 0; i < payload.size(); ++i)
        bytes += static_cast<char>(payload[i] ^ key[i % 4]);
    return bytes;
}

void frames() {
    const std::pair<const char*, std::string> cases[] = {
        {"a correct text frame", masked(0x81, "Hello")},
        {"frame without mask", std::string("\x81\x05Hello")},
        {"RSV1 set, no extension", masked(0xc1, "Hello")},
        {"reserved opcode 3", masked(0x83, "Hello")},
        {"fragmented ping", masked(0x09, "Hello")},
        {"continuation of nothing", masked(0x80, "Hello")},
        {"text that is not UTF-8", masked(0x81, "ab\xed\xa0\x80")},
        {"close code 999", masked(0x88, "\x03\xe7")},
        {"close payload of one byte", masked(0x88, "a")},
        {"length 5 in 16 bits", std::string("\x81\xfe\0\5\0\0\0\0Hello", 13)},
    };
    std::printf("%-28s | %-46s | %s\n", "frame", "Poco::Net::WebSocket::receiveFrame", "WsDecoder");
    for (const auto& [name, bytes] : cases) {
        std::printf("%-28s | %-46s | %s\n", name, poco_says(bytes).c_str(), own_says(bytes).c_str());
    }
}

std::string poco_reads(const std::string& head) {
    std::istringstream stream(head);
    Poco::Net::HTTPRequest request;
    try {
        request.read(stream);
    } catch (const Poco::Exception& error) {
        return "refused: " + error.displayText();
    }
    std::string text = "accepted";
    if (request.hasContentLength()) text += ", length " + request.get("Content-Length");
    if (request.getChunkedTransferEncoding()) text += ", chunked";
    return text;
}

std::string own_reads(const std::string& head) {
    HttpHeadParser parser;
    const HeadState state = parser.parse(head);
    if (state == HeadState::kNeedMore) return "waits for the rest";
    if (state == HeadState::kComplete) return "accepted";
    return "refused, " + std::to_string(status_of(parser.fault())) + ": " +
           std::string(describe(parser.fault()));
}

void heads() {
    const auto with = [](const std::string& fields) {
        return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    };
    const std::pair<const char*, std::string> cases[] = {
        {"a correct head", with("Content-Length: 5\r\n")},
        {"bare LF", "GET / HTTP/1.1\nHost: h\n\n"},
        {"space before the colon", with("Content-Length : 5\r\n")},
        {"two Content-Length", with("Content-Length: 5\r\nContent-Length: 50\r\n")},
        {"Content-Length and chunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
        {"Content-Length: +5", with("Content-Length: +5\r\n")},
        {"Transfer-Encoding: xchunked", with("Transfer-Encoding: xchunked\r\n")},
        {"folded field", with("X: a\r\n Content-Length: 5\r\n")},
        {"two Host", with("Host: other\r\n")},
        {"NUL in a value", with(std::string("X: a\0b\r\n", 8))},
        {"HTTP/9.9", "GET / HTTP/9.9\r\nHost: h\r\n\r\n"},
        {"head that ends early", "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n"},
    };
    std::printf("%-28s | %-46s | %s\n", "head", "Poco::Net::HTTPRequest::read", "HttpHeadParser");
    for (const auto& [name, bytes] : cases) {
        std::printf("%-28s | %-46s | %s\n", name, poco_reads(bytes).c_str(), own_reads(bytes).c_str());
    }
}

// The second half is sent once the first has been looked at, and looked at once it must have arrived.
void halves() {
    std::promise<std::string> first;
    std::promise<void> sent;
    std::promise<std::string> second;
    Pair pair([&](WebSocket& socket) {
        socket.setBlocking(false);
        socket.poll(kPatience, Poco::Net::Socket::SELECT_READ);
        first.set_value(receive(socket));
        sent.get_future().wait_for(std::chrono::seconds(2));
        socket.poll(kPatience, Poco::Net::Socket::SELECT_READ);
        second.set_value(receive(socket));
    });
    const std::string frame = masked(0x81, "Hello");
    std::future<std::string> first_verdict = first.get_future();
    std::future<std::string> second_verdict = second.get_future();
    pair.send(frame.substr(0, 8));
    std::printf("non-blocking, 8 of 11 bytes of a frame: %s\n", first_verdict.get().c_str());
    pair.send(frame.substr(8) + masked(0x81, "second"));
    sent.set_value();
    std::printf("the other 3 bytes and a second frame:   %s\n", second_verdict.get().c_str());
}

}  // namespace

int main() {
    frames();
    std::printf("\n");
    heads();
    std::printf("\n");
    halves();
    return 0;
}
