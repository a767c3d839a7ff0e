#include "exporter.hpp"

#include <algorithm>
#include <utility>

#include "streamhost/random.hpp"
#include "streamhost/status.hpp"

#include "otlp.hpp"

namespace tracing {

namespace {

// In [0, 1): as many bits as a double keeps.
double random_fraction() { return static_cast<double>(streamhost::random_number() >> 11) * 0x1p-53; }

std::string what_of(const Reply& reply) {
    return reply.status == 0 ? (reply.why.empty() ? "no answer" : reply.why)
                             : "status " + std::to_string(reply.status);
}

}  // namespace

Exporter::Exporter(const Settings& settings, std::string resource, std::string version, SpanQueue& queue,
                   const Telemetry& telemetry, Log log)
    : settings_(settings),
      resource_(std::move(resource)),
      version_(std::move(version)),
      queue_(queue),
      telemetry_(telemetry),
      log_(std::move(log)),
      collector_(settings.target),
      headers_(settings.headers) {}

bool Exporter::is_due(Time now) const {
    const bool winds_down = wind_down_until_.load() != Time::max();
    return winds_down ? queue_.size() > 0 : queue_.is_due(settings_.batch_size, now - settings_.interval);
}

bool Exporter::is_over(Time now) const { return now >= wind_down_until_.load(); }

void Exporter::run() {
    while (is_due(std::chrono::steady_clock::now()) && !is_over(std::chrono::steady_clock::now()))
        send(queue_.take(settings_.batch_size));
}

void Exporter::send(const std::vector<std::string>& spans) {
    if (spans.empty()) return;
    const std::string body = encode_request(resource_, version_, spans);
    const Time end = std::chrono::steady_clock::now() + settings_.retry_for;
    Reply reply;
    for (std::uint32_t made = 1;; ++made) {
        if (!wait_until(not_before_, end)) break;
        reply = try_once(body);
        if (reply.is_taken() || !reply.may_pass()) break;
        tell(false, what_of(reply));
        telemetry_.retried();
        not_before_ = std::chrono::steady_clock::now() + wait_before_retry(reply, made, random_fraction());
    }
    settle(reply, spans.size());
}

Reply Exporter::try_once(const std::string& body) {
    read_headers_again();
    const Time now = std::chrono::steady_clock::now();
    return collector_.post(body, headers_, std::min(now + settings_.timeout, wind_down_until_.load()));
}

void Exporter::settle(const Reply& reply, std::size_t spans) {
    if (!reply.is_taken()) {
        telemetry_.failed(spans);
        return tell(false, what_of(reply));
    }
    const PartialSuccess partial = read_response(reply.body);
    const std::size_t refused = static_cast<std::size_t>(std::min<std::uint64_t>(partial.rejected, spans));
    telemetry_.exported(spans - refused);
    telemetry_.dropped(Dropped::kRefused, refused);
    if (!has_old_headers_) tell(refused == 0, "the collector refused spans: " + partial.why);
}

bool Exporter::wait_until(Time time, Time end) {
    std::unique_lock lock(mutex_);
    if (time > end) return false;
    // Winding down wakes it: then there may be less time than it waits.
    winds_down_.wait_until(lock, time, [&] { return wind_down_until_.load() != Time::max(); });
    if (time > wind_down_until_.load()) return false;
    winds_down_.wait_until(lock, time, [] { return false; });
    return !is_over(std::chrono::steady_clock::now());
}

void Exporter::wind_down(Time deadline) {
    {
        const std::lock_guard lock(mutex_);
        wind_down_until_.store(deadline);
    }
    collector_.hurry(deadline);
    winds_down_.notify_all();
}

// Whoever turns a key in the file must not restart the node. One that cannot be read leaves the former.
void Exporter::read_headers_again() {
    if (settings_.headers_file.empty()) return;
    sh_error error{};
    const sh_status status =
        streamhost::guard(&error, [&] { headers_ = read_headers(read_file(settings_.headers_file)); });
    has_old_headers_ = status != SH_OK;
    if (has_old_headers_) tell(false, error.text);
}

void Exporter::tell(bool is_well, const std::string& what) {
    if (std::exchange(was_well_, is_well) != is_well) log_(is_well, what);
}

}  // namespace tracing
