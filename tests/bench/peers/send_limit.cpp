// What the kernel takes for sending: `sockets` connections of loopback, to each of which so many messages go
// in one send(), in turn; a thread on another core reads them. Prints CPU nanoseconds of the sending thread a
// call, by the number of messages in it. Usage: send_limit SENDER_CORE READER_CORE [SECONDS]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>

namespace {

constexpr int kSockets = 1'000;
constexpr std::size_t kFrameBytes = 154;  // a message of 150 bytes with its head
constexpr std::array<std::size_t, 5> kMessages = {1, 4, 10, 32, 64};

void bind_to(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (::sched_setaffinity(0, sizeof(cores), &cores) != 0) std::exit(1);
}

std::pair<std::vector<int>, std::vector<int>> connected() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, any, size) != 0 || ::listen(listener, kSockets) != 0) std::exit(1);
    ::getsockname(listener, any, &size);
    std::pair<std::vector<int>, std::vector<int>> ends;
    for (int number = 0; number < kSockets; ++number) {
        const int out = ::socket(AF_INET, SOCK_STREAM, 0);
        const int on = 1;
        (void)::setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (::connect(out, any, size) != 0) std::exit(1);
        ends.first.push_back(out);
        ends.second.push_back(::accept(listener, nullptr, nullptr));
    }
    return ends;
}

// Until all of them are closed.
void read_all(const std::vector<int>& sockets, int core) {
    bind_to(core);
    const int epoll = ::epoll_create1(0);
    for (const int fd : sockets) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        (void)::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    std::vector<char> buffer(256U << 10);
    std::array<epoll_event, 128> events;
    for (std::size_t open = sockets.size(); open > 0;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int index = 0; index < count; ++index) {
            const int fd = events[static_cast<std::size_t>(index)].data.fd;
            if (::recv(fd, buffer.data(), buffer.size(), 0) > 0) continue;
            (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
            --open;
        }
    }
}

std::int64_t ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// A socket that takes nothing more is left for the next turn, as a server does.
double cpu_ns_per_call(const std::vector<int>& sockets, const std::string& bytes, std::int64_t duration_ns) {
    std::uint64_t calls = 0;
    std::int64_t wasted_ns = 0;
    const std::int64_t until_ns = ns(CLOCK_MONOTONIC) + duration_ns;
    const std::int64_t from_ns = ns(CLOCK_THREAD_CPUTIME_ID);
    while (ns(CLOCK_MONOTONIC) < until_ns) {
        for (const int fd : sockets) {
            const std::int64_t before_ns = ns(CLOCK_THREAD_CPUTIME_ID);
            const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent == static_cast<ssize_t>(bytes.size())) {
                ++calls;
            } else {
                wasted_ns += ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
            }
        }
    }
    const std::int64_t used_ns = ns(CLOCK_THREAD_CPUTIME_ID) - from_ns - wasted_ns;
    return static_cast<double>(used_ns) / static_cast<double>(calls);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const double seconds = argc > 3 ? std::atof(argv[3]) : 1.0;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const auto [out, in] = connected();
    std::thread reader(read_all, in, std::atoi(argv[2]));
    bind_to(std::atoi(argv[1]));
    std::printf("{");
    for (std::size_t index = 0; index < kMessages.size(); ++index) {
        const std::string bytes(kFrameBytes * kMessages[index], 'x');
        const double each = cpu_ns_per_call(out, bytes, static_cast<std::int64_t>(seconds * 1e9));
        std::printf("%s\"%zu\": %.0f", index == 0 ? "" : ", ", kMessages[index], each);
    }
    std::printf("}\n");
    for (const int fd : out)
        ::shutdown(fd, SHUT_RDWR);
    reader.join();
}
