#include "orders.hpp"

#include <sys/epoll.h>

#include <array>
#include <utility>

#include <unistd.h>

#include "failure.hpp"

namespace streamhost::load {

Orders::Orders(Loop& loop, Events events) : loop_(loop), events_(std::move(events)) {
    loop_.watch(STDIN_FILENO, EPOLLIN, *this);
}

void Orders::ready(std::uint32_t) {
    std::array<char, 4096> bytes{};
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size <= 0) throw Failure("whoever gives the orders is gone");
    text_.append(bytes.data(), static_cast<std::size_t>(size));
    for (std::size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
        take(text_.substr(0, end));
        text_.erase(0, end + 1);
    }
}

void Orders::take(const std::string& line) {
    if (line == "stop") return events_.stop();
    if (!line.starts_with("mark ")) throw Failure("no order: " + line);
    events_.mark(line.substr(5));
}

}  // namespace streamhost::load
