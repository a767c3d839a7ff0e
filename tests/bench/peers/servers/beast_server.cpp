// Boost.Beast in the structure of its own asynchronous chat example: one thread, a queue of shared messages
// per session, one write on its way. Usage: beast_server PORT
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using Text = std::shared_ptr<const std::string>;

class Session;
using Channels = std::unordered_map<std::string, std::unordered_set<Session*>>;

class Session final : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Channels& channels) : stream_(std::move(socket)), channels_(channels) {}
    ~Session() {
        if (is_reader_) channels_[channel_].erase(this);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void run() {
        http::async_read(stream_.next_layer(), buffer_, request_,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) self->accept();
                         });
    }

    void send(const Text& text) {
        queue_.push_back(text);
        if (queue_.size() == 1) write();
    }

private:
    void accept() {
        const std::string path(request_.target());
        is_publisher_ = path == "/pub";
        is_reader_ = path.starts_with("/sub/");
        if (is_reader_) {
            channel_ = path.substr(5);
            channels_[channel_].insert(this);
        }
        stream_.next_layer().socket().set_option(tcp::no_delay(true));
        stream_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
            self->request_ = {};
            if (!error) self->read();
        });
    }

    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->handle();
        });
    }

    void handle() {
        const std::string_view message(static_cast<const char*>(buffer_.data().data()), buffer_.size());
        if (is_publisher_) {
            const std::size_t space = message.find(' ');
            const auto text = std::make_shared<const std::string>(message.substr(space + 1));
            for (Session* const reader : channels_[std::string(message.substr(0, space))])
                reader->send(text);
        } else if (!is_reader_) {
            send(std::make_shared<const std::string>(message));
        }
        buffer_.consume(buffer_.size());
        read();
    }

    void write() {
        stream_.async_write(boost::asio::buffer(*queue_.front()),
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                                if (error) return;
                                self->queue_.pop_front();
                                if (!self->queue_.empty()) self->write();
                            });
    }

    websocket::stream<beast::tcp_stream, false> stream_;  // without permessage-deflate
    beast::flat_buffer buffer_;
    http::request<http::empty_body> request_;
    Channels& channels_;
    std::string channel_;
    bool is_reader_ = false;
    bool is_publisher_ = false;
    std::deque<Text> queue_;
};

void accept_next(tcp::acceptor& acceptor, Channels& channels) {
    acceptor.async_accept([&](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Session>(std::move(socket), channels)->run();
        accept_next(acceptor, channels);
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    boost::asio::io_context context{1};
    Channels channels;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), port});
    acceptor.listen(boost::asio::socket_base::max_listen_connections);
    accept_next(acceptor, channels);
    context.run();
}
