#include "bridge/meters.hpp"

#include <string>

namespace streamhost::bridge {

namespace {

template <std::size_t N>
std::string label_of(const std::array<std::uint16_t, N>& codes, std::size_t place) {
    return place < N ? std::to_string(codes[place]) : "other";
}

}  // namespace

ConnectionMeters::ConnectionMeters(observe::Metrics& metrics) {
    for (std::size_t place = 0; place < closed_.size(); ++place)
        closed_[place] = &metrics.counter("connections_closed_total",
                                          "WebSockets and streams of events that ended, by close code",
                                          {{"code", label_of(kCloseCodes, place)}});
    constexpr std::array kBytes{0.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0};
    send_queue_ = &metrics.histogram(
        "send_queue_bytes", "Bytes of its own that wait for a client when its socket takes no more", kBytes);
    delivery_ = &metrics.histogram("chunk_delivery_seconds",
                                   "From the store's time of an entry to the sockets of its readers",
                                   observe::duration_bounds());
}

bool RouteMeter::try_answered(std::uint32_t status) const noexcept {
    observe::Counter* counter = counters_[place_of(kHttpCodes, status)].load(std::memory_order_acquire);
    if (counter != nullptr) counter->add();
    return counter != nullptr;
}

void RouteMeter::answered(observe::Metrics& metrics, std::string_view route, std::uint32_t status) const {
    if (try_answered(status)) return;
    const std::size_t place = place_of(kHttpCodes, status);
    observe::Counter& counter = metrics.counter("http_requests_total", "HTTP requests that were answered",
                                                {{"route", route}, {"code", label_of(kHttpCodes, place)}});
    counters_[place].store(&counter, std::memory_order_release);
    counter.add();
}

LockMeters::LockMeters(observe::Metrics& metrics) {
    constexpr std::array<const char*, 3> kNames = {"ok", "held", "error"};
    for (std::size_t index = 0; index < kNames.size(); ++index)
        results_[index] = &metrics.counter("lock_acquire_total", "Locks of the store that were asked for",
                                           {{"result", kNames[index]}});
    wait_ = &metrics.histogram("lock_wait_seconds", "From asking for a lock to having it",
                               observe::duration_bounds());
}

}  // namespace streamhost::bridge
