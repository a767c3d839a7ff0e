#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "redis/resp.hpp"
#include "runtime/loop.hpp"
#include "support/loopback.hpp"

namespace streamhost::redis {

// A server on the test's own loop that says what the test wants: one answer (RESP) per command, given its
// words. An empty answer is silence.
class FakeServer final : public runtime::FdHandler {
public:
    using Answer = std::function<std::string(const std::vector<std::string>& words)>;

    FakeServer(runtime::Loop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)) {
        listen_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof(address);
        if (::bind(listen_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listen_, 64) != 0 ||
            ::getsockname(listen_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
            loop_.watch(listen_, EPOLLIN, *this, token_)) {
            throw std::runtime_error("no fake server");
        }
        port_ = ntohs(address.sin_port);
    }
    ~FakeServer() {
        loop_.unwatch(token_);
        ::close(listen_);
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t accepted() const noexcept { return peers_.size(); }

    // To everybody who is connected.
    void push(const std::string& bytes) {
        for (const auto& peer : peers_)
            (void)!::send(peer->fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    // What a Redis says to HELLO.
    static std::string hello(const std::string& version) {
        return "%2\r\n+version\r\n+" + version + "\r\n+id\r\n:7\r\n";
    }

private:
    struct Peer final : runtime::FdHandler {
        Peer(FakeServer& server, int fd) : server_(server), fd_(fd) {
            (void)server_.loop_.watch(fd_, EPOLLIN, *this, token_);
        }
        ~Peer() { end(); }
        void end() {
            if (token_) server_.loop_.unwatch(token_);
            if (fd_ >= 0) ::close(std::exchange(fd_, -1));
        }
        void on_fd(std::uint32_t) override {
            constexpr std::size_t kPiece = 4'096;
            const ssize_t got = ::recv(fd_, reader_.room(kPiece), kPiece, 0);
            if (got <= 0) return end();
            reader_.fed(static_cast<std::size_t>(got));
            while (reader_.next()) {
                std::vector<std::string> words;
                for (std::uint32_t index = 0; index < reader_.value().size(); ++index)
                    words.emplace_back(reader_.value()[index].text());
                const std::string bytes = server_.answer_(words);
                (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            }
        }
        FakeServer& server_;
        int fd_;
        runtime::FdToken token_;
        RespReader reader_;
    };

    void on_fd(std::uint32_t) override {
        const int fd = ::accept4(listen_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) peers_.push_back(std::make_unique<Peer>(*this, fd));
    }

    runtime::Loop& loop_;
    Answer answer_;
    int listen_ = -1;
    std::uint16_t port_ = 0;
    runtime::FdToken token_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace streamhost::redis
