// What readiness costs: a loop of ours, plain epoll and Poco's PollSet over the same sockets, most of them
// idle, as CPU time of the polling thread per socket that was ready; and what SocketReactor and our loop cost
// while nothing happens at all. Also counts allocations. Unix socket pairs, so that no TCP work is in the
// figures.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <Poco/NObserver.h>
#include <Poco/Net/PollSet.h>
#include <Poco/Net/SocketNotification.h>
#include <Poco/Net/SocketReactor.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <unistd.h>

#include "runtime/loop.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace streamhost::runtime;

constexpr std::size_t kSockets = 8'000;
constexpr std::size_t kReadsPerRun = 20'000;
constexpr int kRepeats = 5;

std::uint64_t thread_cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void check(bool good, const char* what) {
    if (good) return;
    std::perror(what);
    std::exit(1);
}

/// The watched end is read by the contestant, the other one is written to by us.
struct Pair {
    Pair() {
        std::array<int, 2> fds{};
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0,
              "socketpair");
        watched = fds[0];
        other = fds[1];
    }
    int watched;
    int other;
};

struct Contestant {
    const char* name;
    std::function<std::size_t()> poll_and_read;  ///< one round; sockets read
};

void read_byte(int fd) {
    char byte = 0;
    check(::recv(fd, &byte, 1, 0) == 1, "recv");
}

struct Reader final : FdHandler {
    int fd = -1;
    FdToken token;
    std::size_t* reads = nullptr;
    void on_fd(std::uint32_t) override {
        read_byte(fd);
        ++*reads;
    }
};

struct Figures {
    double ns_per_ready = 0;
    double allocations_per_round = 0;
};

Figures measure(const Contestant& contestant, const std::vector<Pair>& pairs, std::size_t active) {
    std::uint64_t cpu_ns = 0;
    std::uint64_t allocated = 0;
    const std::size_t stride = pairs.size() / active;
    const auto rounds = static_cast<int>(std::clamp<std::size_t>(kReadsPerRun / active, 100, 1'500));
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < active; ++i)
            check(::send(pairs[i * stride].other, "x", 1, 0) == 1, "send");
        const auto allocations_before = allocations.load();
        const auto before_ns = thread_cpu_ns();
        std::size_t reads = 0;
        while (reads < active)
            reads += contestant.poll_and_read();
        cpu_ns += thread_cpu_ns() - before_ns;
        allocated += allocations.load() - allocations_before;
    }
    return {static_cast<double>(cpu_ns) / rounds / static_cast<double>(active),
            static_cast<double>(allocated) / rounds};
}

void compare_readiness(const std::vector<Pair>& pairs) {
    const SystemClock clock;
    LoopOptions options;
    options.max_events = 1'024;  // Poco's batch
    options.phase_us = 1'000'000;
    Loop loop(clock, options);
    std::size_t loop_reads = 0;
    std::vector<Reader> readers(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        readers[i].fd = pairs[i].watched;
        readers[i].reads = &loop_reads;
        check(!loop.watch(pairs[i].watched, EPOLLIN, readers[i], readers[i].token), "watch");
    }

    const int plain = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<epoll_event> events(1'024);
    Poco::Net::PollSet poco;
    for (const Pair& pair : pairs) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = pair.watched;
        check(::epoll_ctl(plain, EPOLL_CTL_ADD, pair.watched, &event) == 0, "epoll_ctl");
        poco.add(Poco::Net::StreamSocket(new Poco::Net::StreamSocketImpl(::dup(pair.watched))),
                 Poco::Net::PollSet::POLL_READ);
    }

    const std::array<Contestant, 3> contestants{{
        {"epoll",
         [&] {
             const int count = ::epoll_wait(plain, events.data(), static_cast<int>(events.size()), 0);
             for (int i = 0; i < count; ++i)
                 read_byte(events[static_cast<std::size_t>(i)].data.fd);
             return static_cast<std::size_t>(count);
         }},
        {"Loop",
         [&] {
             loop_reads = 0;
             loop.run_once(0);
             return loop_reads;
         }},
        {"PollSet",
         [&] {
             const auto ready = poco.poll(Poco::Timespan(0));
             for (const auto& entry : ready)
                 read_byte(entry.first.impl()->sockfd());
             return ready.size();
         }},
    }};

    std::printf("%zu sockets watched, CPU per ready socket, best of %d\n", pairs.size(), kRepeats);
    std::printf("%8s %12s %14s %16s %14s %18s\n", "ready", "epoll ns", "Loop/epoll", "PollSet/epoll",
                "Loop allocs", "PollSet allocs");
    for (const std::size_t active : {1, 16, 128, 1'000}) {
        std::array<Figures, 3> best{};
        for (int repeat = 0; repeat < kRepeats; ++repeat) {
            for (std::size_t i = 0; i < contestants.size(); ++i) {  // in turn, so that a busy moment hits all
                const Figures figures = measure(contestants[i], pairs, active);
                if (repeat == 0 || figures.ns_per_ready < best[i].ns_per_ready) best[i] = figures;
            }
        }
        std::printf("%8zu %12.0f %14.2f %16.2f %14.1f %18.1f\n", active, best[0].ns_per_ready,
                    best[1].ns_per_ready / best[0].ns_per_ready, best[2].ns_per_ready / best[0].ns_per_ready,
                    best[1].allocations_per_round, best[2].allocations_per_round);
    }
    for (Reader& reader : readers)
        loop.unwatch(reader.token);
    ::close(plain);
}

struct Ignore {
    void on_readable(const Poco::AutoPtr<Poco::Net::ReadableNotification>&) {}
    void on_timeout(const Poco::AutoPtr<Poco::Net::TimeoutNotification>&) {}
};

/// Share of one core that `run` uses in a second on a thread of its own.
double idle_share(const std::function<void()>& run, const std::function<void()>& stop) {
    double share = 0;
    std::thread thread([&] {
        const auto before_ns = thread_cpu_ns();
        run();
        share = static_cast<double>(thread_cpu_ns() - before_ns) / 1e9;
    });
    std::this_thread::sleep_for(std::chrono::seconds(1));  // pause: the measured second
    stop();
    thread.join();
    return share;
}

double idle_reactor(const std::vector<Pair>& pairs, int timeout_ms) {
    Poco::Net::SocketReactor reactor(Poco::Timespan(0, timeout_ms * 1'000));
    Ignore ignore;
    for (const Pair& pair : pairs) {
        const Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(::dup(pair.watched)));
        reactor.addEventHandler(
            socket, Poco::NObserver<Ignore, Poco::Net::ReadableNotification>(ignore, &Ignore::on_readable));
        reactor.addEventHandler(
            socket, Poco::NObserver<Ignore, Poco::Net::TimeoutNotification>(ignore, &Ignore::on_timeout));
    }
    return idle_share([&] { reactor.run(); }, [&] { reactor.stop(); });
}

struct Again : TimerFor<Again, int> {
    Loop* loop = nullptr;
    std::uint64_t period_ms = 0;
    void on_timer(int) { loop->arm(*this, period_ms); }
};

/// The same number of wake-ups, from a timer.
double idle_loop(const std::vector<Pair>& pairs, int period_ms) {
    const SystemClock clock;
    Loop loop(clock, {});
    std::size_t reads = 0;
    std::vector<Reader> readers(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        readers[i].fd = pairs[i].watched;
        readers[i].reads = &reads;
        check(!loop.watch(pairs[i].watched, EPOLLIN, readers[i], readers[i].token), "watch");
    }
    Again again;
    again.loop = &loop;
    again.period_ms = static_cast<std::uint64_t>(period_ms);
    loop.arm(again, again.period_ms);
    return idle_share([&] { loop.run(); }, [&] { loop.request_stop(0); });
}

/// A peer hangs up while nobody wants to read: how often each comes back in 100 ms, and whether it says why.
void hang_up() {
    constexpr std::uint64_t kForNs = 100'000'000;
    const SystemClock clock;
    const Pair pair;
    Poco::Net::PollSet poco;
    poco.add(Poco::Net::StreamSocket(new Poco::Net::StreamSocketImpl(::dup(pair.watched))),
             Poco::Net::PollSet::POLL_ERROR);
    Loop loop(clock, {});
    struct Parked final : FdHandler {
        Loop* loop = nullptr;
        FdToken token;
        std::size_t hang_ups = 0;
        void on_fd(std::uint32_t events) override {
            if ((events & EPOLLHUP) == 0) return;
            ++hang_ups;
            loop->unwatch(token);
        }
    } parked;
    parked.loop = &loop;
    check(!loop.watch(pair.watched, EPOLLRDHUP, parked, parked.token), "watch");
    ::close(pair.other);

    std::size_t returns = 0;
    std::size_t told = 0;
    for (const auto until = clock.monotonic_ns() + kForNs; clock.monotonic_ns() < until; ++returns) {
        told += poco.poll(Poco::Timespan(0, 100'000)).size();
    }
    std::printf("PollSet: %zu returns, %zu with a socket\n", returns, told);
    std::size_t rounds = 0;
    for (const auto until = clock.monotonic_ns() + kForNs; clock.monotonic_ns() < until; ++rounds)
        loop.run_once(100);
    std::printf("Loop:    %zu rounds, %zu hang-up reported\n", rounds, parked.hang_ups);
}

}  // namespace

int main() {
    // Three descriptors per pair: both ends, and the one that Poco owns.
    const std::vector<Pair> pairs(kSockets * 2 / 3);
    compare_readiness(pairs);
    std::printf("\n%zu idle sockets with handlers, share of a core while nothing happens\n", pairs.size());
    std::printf("%12s %16s %12s\n", "wakes each", "SocketReactor", "Loop");
    for (const int period_ms : {100, 10, 1}) {
        std::printf("%9d ms %16.4f %12.4f\n", period_ms, idle_reactor(pairs, period_ms),
                    idle_loop(pairs, period_ms));
    }
    std::printf("\na peer hangs up on a socket that is watched for errors only, 100 ms\n");
    hang_up();
    return 0;
}
