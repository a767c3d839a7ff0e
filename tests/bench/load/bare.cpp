#include "bare.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <hiredis/hiredis.h>
#include <unistd.h>

#include "failure.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

constexpr std::string_view kChannel = "bare-";
// What stands before the text in what the host publishes: the id, a length, and the header of the record.
constexpr std::size_t kHeaderBytes = 80;

[[noreturn]] void fail(const char* what) {
    throw Failure(std::string("Redis: ") + what + ": " + std::strerror(errno));
}

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        fail("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

std::string channel_of(std::uint64_t number) { return std::string(kChannel) + std::to_string(number); }

}  // namespace

struct RedisSocket::Reader {
    redisReader* reader = redisReaderCreate();
    ~Reader() { redisReaderFree(reader); }
};

RedisSocket::RedisSocket(Loop& loop, Events& events, std::uint16_t port)
    : loop_(loop), events_(events), fd_(connect_to(port)), reader_(std::make_unique<Reader>()) {
    loop_.watch(fd_, EPOLLIN, *this);
}

RedisSocket::~RedisSocket() {
    loop_.forget(*this);
    ::close(fd_);
}

void RedisSocket::send(std::initializer_list<std::string_view> words) {
    out_.append("*").append(std::to_string(words.size())).append("\r\n");
    for (const std::string_view word : words)
        out_.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
    if (is_flushing_ || is_blocked_) return;
    is_flushing_ = true;
    loop_.flush_later(*this);
}

void RedisSocket::flush() {
    is_flushing_ = false;
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) fail("send");
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
    is_blocked_ = !out_.empty();
    if (is_blocked_) loop_.change(fd_, EPOLLIN | EPOLLOUT, *this);
}

void RedisSocket::ready(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
        loop_.change(fd_, EPOLLIN, *this);
        flush();
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
}

void RedisSocket::read() {
    static char buffer[256U << 10];
    const ssize_t size = ::recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) fail("recv");
    read_ns_ = now_ns();
    redisReaderFeed(reader_->reader, buffer, static_cast<std::size_t>(size));
    std::vector<std::string_view> words;
    for (;;) {
        void* next = nullptr;
        if (redisReaderGetReply(reader_->reader, &next) != REDIS_OK) throw Failure("Redis: no RESP");
        if (next == nullptr) return;
        const std::unique_ptr<redisReply, void (*)(void*)> owner(static_cast<redisReply*>(next),
                                                                 &freeReplyObject);
        words.clear();
        if (owner->type == REDIS_REPLY_ERROR) throw Failure("Redis: " + std::string(owner->str, owner->len));
        for (std::size_t index = 0; index < owner->elements; ++index) {
            const redisReply& element = *owner->element[index];
            words.emplace_back(element.str == nullptr ? "" : element.str,
                               element.str == nullptr ? 0 : element.len);
        }
        if (owner->type == REDIS_REPLY_INTEGER && owner->integer != 1)
            throw Failure("Redis: a message that nobody received");
        events_.reply(*this, words);
    }
}

Bare::Bare(Loop& loop, std::uint16_t port, const Schedule& schedule, std::size_t bytes)
    : loop_(loop),
      schedule_(schedule),
      subscriber_(loop, *this, port),
      publisher_(loop, *this, port),
      text_(bytes + kHeaderBytes, ' '),
      last_(static_cast<std::size_t>(schedule.streams)) {}

void Bare::subscribe_all() {
    for (std::uint64_t number = 0; number < schedule_.streams; ++number)
        subscriber_.send({"SUBSCRIBE", channel_of(number)});
    wait_for(
        loop_, 20, [this] { return subscribed_ == schedule_.streams; }, [] { return "subscriptions"; });
}

void Bare::publish_next(std::uint64_t index) {
    const std::uint64_t channel = index % schedule_.streams;
    write_text(text_, channel, index / schedule_.streams + 1);
    publisher_.send({"PUBLISH", channel_of(channel), text_});
}

void Bare::reply(RedisSocket& socket, const std::vector<std::string_view>& words) {
    if (&socket == &publisher_) {
        ++answered_;
    } else if (words.size() == 3 && words[0] == "message") {
        message(words[1], words[2]);
    } else {
        ++subscribed_;
    }
}

void Bare::message(std::string_view channel, std::string_view text) {
    std::uint64_t number = schedule_.streams;
    (void)std::from_chars(channel.data() + kChannel.size(), channel.data() + channel.size(), number);
    if (number >= schedule_.streams)
        throw Failure("bare: a channel that nobody has: " + std::string(channel));
    const std::uint64_t seq = ++last_[static_cast<std::size_t>(number)];
    std::string wanted(text_.size(), ' ');
    write_text(wanted, number, seq);
    if (text != wanted) throw Failure("bare: message " + std::to_string(seq) + " is " + std::string(text));
    ++received_;
    const std::uint64_t index = schedule_.index_of(number, seq);
    if (index >= schedule_.first_measured)
        latency_.record(subscriber_.read_ns() - schedule_.pace.due_ns(index));
}

std::string Bare::missing() const {
    return "bare: " + std::to_string(schedule_.total - received_) + " messages are missing";
}

}  // namespace streamhost::load
