// The floor: what epoll, recv() and send() cost with as little around them as there can be. One thread, level
// triggered, one send() per message and reader, no limits, no time-outs, no checks of UTF-8. Not a server
// that anybody should run. Usage: epoll_server PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <unistd.h>

#include "handshake.hpp"

namespace {

using streamhost::bench::upgrade_answer;

enum class Kind : std::uint8_t { kUpgrading = 1, kReader, kPublisher, kEcho };

struct Client {
    int fd = -1;
    Kind kind = Kind::kUpgrading;
    bool is_blocked = false;
    std::string in;   // what is left of an incomplete frame
    std::string out;  // what the socket did not take
    std::string channel;
};

class Server {
public:
    explicit Server(std::uint16_t port) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        listener_.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        (void)::setsockopt(listener_.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (::bind(listener_.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
            ::listen(listener_.fd, SOMAXCONN) != 0)
            std::exit(1);
        watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int index = 0; index < count; ++index) {
                const epoll_event& event = events[static_cast<std::size_t>(index)];
                ready(*static_cast<Client*>(event.data.ptr), event.events);
            }
            closed_.clear();
        }
    }

private:
    void watch(Client& client, int operation, std::uint32_t what) {
        epoll_event event{.events = what, .data = {.ptr = &client}};
        (void)::epoll_ctl(epoll_, operation, client.fd, &event);
    }

    void ready(Client& client, std::uint32_t events) {
        if (&client == &listener_) return accept_all();
        if (client.fd < 0) return;
        if ((events & EPOLLOUT) != 0) {
            client.is_blocked = false;
            watch(client, EPOLL_CTL_MOD, EPOLLIN);
            std::string out = std::move(client.out);
            client.out = std::string();
            send(client, out);
        }
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(client);
    }

    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            if (clients_.size() <= static_cast<std::size_t>(fd))
                clients_.resize(static_cast<std::size_t>(fd) + 1);
            auto& slot = clients_[static_cast<std::size_t>(fd)];
            slot = std::make_unique<Client>();
            slot->fd = fd;
            watch(*slot, EPOLL_CTL_ADD, EPOLLIN);
        }
    }

    void close(Client& client) {
        if (client.kind == Kind::kReader) std::erase(channels_[client.channel], &client);
        const auto slot = static_cast<std::size_t>(client.fd);
        ::close(client.fd);
        client.fd = -1;
        closed_.push_back(std::move(clients_[slot]));  // this turn may still hold events of it
    }

    void read(Client& client) {
        static std::array<char, 256U << 10> buffer;
        const ssize_t size = ::recv(client.fd, buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) return close(client);
        if (client.in.empty()) {
            const std::size_t taken = take(client, buffer.data(), static_cast<std::size_t>(size));
            if (client.fd >= 0)
                client.in.assign(buffer.data() + taken, static_cast<std::size_t>(size) - taken);
        } else {
            client.in.append(buffer.data(), static_cast<std::size_t>(size));
            const std::size_t taken = take(client, client.in.data(), client.in.size());
            client.in.erase(0, taken);
            if (client.in.empty()) client.in = std::string();
        }
    }

    std::size_t take(Client& client, char* bytes, std::size_t size) {
        std::size_t at = 0;
        if (client.kind == Kind::kUpgrading) {
            const std::string_view head(bytes, size);
            const std::size_t end = head.find("\r\n\r\n");
            if (end == std::string_view::npos) return 0;
            at = end + 4;
            upgrade(client, head.substr(0, at));
        }
        while (client.fd >= 0) {
            const std::size_t taken = take_frame(client, bytes + at, size - at);
            if (taken == 0) break;
            at += taken;
        }
        return at;
    }

    void upgrade(Client& client, std::string_view head) {
        const std::string_view path = head.substr(4, head.find(' ', 4) - 4);
        client.kind = Kind::kEcho;
        if (path == "/pub") client.kind = Kind::kPublisher;
        if (path.starts_with("/sub/")) {
            client.kind = Kind::kReader;
            client.channel = path.substr(5);
            channels_[client.channel].push_back(&client);
        }
        send(client, upgrade_answer(head));
    }

    // A masked frame, unmasked where it lies: how many bytes it has, 0 while it is incomplete.
    std::size_t take_frame(Client& client, char* bytes, std::size_t available) {
        if (available < 6) return 0;
        const auto* const head = reinterpret_cast<const unsigned char*>(bytes);
        std::size_t size = head[1] & 127U;
        std::size_t at = 2;
        if (size == 127) return close(client), 0;
        if (size == 126) {
            size = static_cast<std::size_t>(head[2]) << 8 | head[3];
            at = 4;
        }
        if (available < at + 4 + size) return 0;
        const char* const mask = bytes + at;
        char* const payload = bytes + at + 4;
        for (std::size_t index = 0; index < size; ++index)
            payload[index] = static_cast<char>(payload[index] ^ mask[index & 3]);
        handle(client, head[0] & 15U, {payload, size});
        return at + 4 + size;
    }

    void handle(Client& client, unsigned opcode, std::string_view payload) {
        if (opcode == 8) return close(client);
        if (opcode == 9) return send(client, frame(10, payload));
        if (client.kind == Kind::kEcho) return send(client, frame(opcode, payload));
        if (client.kind != Kind::kPublisher) return;
        const std::size_t space = payload.find(' ');
        const std::string& bytes = frame(opcode, payload.substr(space + 1));
        const auto found = channels_.find(std::string(payload.substr(0, space)));
        if (found == channels_.end()) return;
        for (Client* const reader : found->second)
            send(*reader, bytes);
    }

    const std::string& frame(unsigned opcode, std::string_view payload) {
        frame_.assign(1, static_cast<char>(128U | opcode));
        if (payload.size() < 126) {
            frame_ += static_cast<char>(payload.size());
        } else {
            frame_ += '\x7e';
            frame_ += static_cast<char>(payload.size() >> 8);
            frame_ += static_cast<char>(payload.size() & 255);
        }
        return frame_.append(payload);
    }

    void send(Client& client, std::string_view bytes) {
        if (client.is_blocked) {
            client.out.append(bytes);
            return;
        }
        const ssize_t sent = ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
        if (done == bytes.size() || (sent < 0 && errno != EAGAIN))
            return;  // a broken one shows when it is read
        client.out.assign(bytes.substr(done));
        client.is_blocked = true;
        watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }

    int epoll_;
    Client listener_;
    std::vector<std::unique_ptr<Client>> clients_;  // by descriptor
    std::vector<std::unique_ptr<Client>> closed_;   // in this turn
    std::unordered_map<std::string, std::vector<Client*>> channels_;
    std::string frame_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    Server server(static_cast<std::uint16_t>(std::atoi(argv[1])));
    server.run();
}
