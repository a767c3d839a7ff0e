#include "connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "failure.hpp"
#include "pace.hpp"

namespace streamhost::load {
namespace {

constexpr std::size_t kReadBytes = 256u << 10;
constexpr std::size_t kMaxQueuedBytes = 64u << 20;  // then the server takes nothing any more
constexpr std::uint32_t kPerAddress = 2'000;

// One for all connections: they are read one after the other on one thread.
std::string& read_buffer() {
    static std::string buffer(kReadBytes + Connection::kPadding, '\0');
    return buffer;
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw Failure("no IPv4 address: " + host);
    return address;
}

void set_option(int fd, int level, int name, int value) {
    if (::setsockopt(fd, level, name, &value, sizeof(value)) != 0)
        throw Failure(std::string("setsockopt: ") + std::strerror(errno));
}

}  // namespace

Connection::Connection(Loop& loop, Events& events, std::uint32_t number)
    : loop_(loop), events_(events), number_(number), mask_(number * 2654435761u + 1) {}

Connection::~Connection() { abort(); }

void Connection::fail(const std::string& what) const {
    throw Failure("connection " + std::to_string(number_) + ": " + what);
}

void Connection::lose(const std::string& what) {
    abort();
    if (!events_.lost(*this, what)) fail(what);
}

void Connection::open(const Target& target) {
    open_ns_ = now_ns();
    is_flushing_ = is_blocked_ = false;
    out_.clear();
    partial_.clear();
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) fail(std::string("socket: ") + std::strerror(errno));
    set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const sockaddr_in source = address_of("127.0.0." + std::to_string(2 + number_ / kPerAddress % 250), 0);
    const sockaddr_in to = address_of(target.host, target.port);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) != 0)
        fail(std::string("bind: ") + std::strerror(errno));
    key_ = random_key(mask_);
    request_ = upgrade_request(target.host, target.path, target.subprotocol, key_);
    phase_ = Phase::kConnecting;
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 && errno != EINPROGRESS)
        fail(std::string("connect: ") + std::strerror(errno));
    loop_.watch(fd_, EPOLLOUT, *this);
}

void Connection::abort() {
    if (fd_ < 0) return;
    const linger hard{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    loop_.forget(*this);
    ::close(fd_);
    fd_ = -1;
    phase_ = Phase::kIdle;
}

void Connection::ready(std::uint32_t events) {
    if (fd_ < 0) return;
    if (phase_ == Phase::kConnecting) return connected();
    if ((events & EPOLLOUT) != 0) {
        is_blocked_ = false;
        loop_.change(fd_, EPOLLIN, *this);
        flush();
        if (fd_ < 0) return;
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
}

void Connection::connected() {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose(std::string("connect: ") + std::strerror(error));
    phase_ = Phase::kUpgrading;
    loop_.change(fd_, EPOLLIN, *this);
    out_ = std::move(request_);
    request_ = std::string();
    flush();
}

void Connection::send(Opcode opcode, std::string_view payload) {
    mask_ = mask_ * 1664525u + 1013904223u;
    append_frame(out_, opcode, payload, mask_);
    if (out_.size() > kMaxQueuedBytes) fail("the server takes nothing any more");
    if (is_flushing_ || is_blocked_) return;
    is_flushing_ = true;
    loop_.flush_later(*this);
}

void Connection::flush() {
    is_flushing_ = false;
    if (fd_ < 0 || is_blocked_ || out_.empty()) return;
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return lose(std::string("send: ") + std::strerror(errno));
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
    if (out_.empty()) return;
    is_blocked_ = true;
    loop_.change(fd_, EPOLLIN | EPOLLOUT, *this);
}

void Connection::read() {
    std::string& buffer = read_buffer();
    const ssize_t size = ::recv(fd_, buffer.data(), kReadBytes, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) return lose(std::string("recv: ") + std::strerror(errno));
    if (size == 0) return lose("the server closed it");
    read_ns_ = now_ns();
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    if (partial_.empty()) {
        const std::size_t taken = take(bytes);
        if (fd_ >= 0) partial_.assign(bytes.substr(taken));
        return;
    }
    partial_.reserve(partial_.size() + bytes.size() + kPadding);
    partial_.append(bytes);
    const std::size_t taken = take(partial_);
    partial_.erase(0, taken);
    if (partial_.empty()) partial_ = std::string();  // idle connections hold nothing
}

// All whole frames; how many bytes they took.
std::size_t Connection::take(std::string_view bytes) {
    std::size_t at = 0;
    if (phase_ == Phase::kUpgrading) {
        at = read_upgrade(bytes, key_);
        if (at == 0) return 0;
        key_ = std::string();
        phase_ = Phase::kOpen;
        events_.opened(*this);
    }
    while (phase_ == Phase::kOpen) {
        Frame frame;
        const std::size_t size = read_frame(bytes.substr(at), frame);
        if (size == 0) break;
        at += size;
        handle(frame);
    }
    return at;
}

void Connection::handle(const Frame& frame) {
    switch (frame.opcode) {
    case Opcode::kText:
    case Opcode::kBinary: return events_.message(*this, frame.payload);
    case Opcode::kPing: return send(Opcode::kPong, frame.payload);
    case Opcode::kPong: return events_.pong(*this);
    case Opcode::kClose: return lose("the server closed it: " + describe_close(frame.payload));
    }
}

}  // namespace streamhost::load
