#include "retry.hpp"

#include <algorithm>
#include <ctime>

#include "streamhost/whole_number.hpp"

namespace tracing {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kDay = std::chrono::hours(24);

std::optional<std::chrono::system_clock::time_point> read_date(const std::string& text) {
    std::tm utc{};
    const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&utc));
}

}  // namespace

milliseconds wait_before_retry(const Reply& reply, std::uint32_t made, double random) {
    const milliseconds most = std::min(kFirstWait * (1u << std::min(made - 1, 6u)), kLongestWait);
    const auto jittered = std::chrono::duration_cast<milliseconds>(most / 2 + random * (most / 2));
    return reply.retry_after ? std::max(*reply.retry_after, milliseconds(0)) + jittered / 4 : jittered;
}

std::optional<milliseconds> read_retry_after(const std::string& value,
                                             std::chrono::system_clock::time_point now) {
    if (const auto count = streamhost::whole_number<std::uint32_t>(value))
        return std::min<milliseconds>(seconds(*count), kDay);
    const auto date = read_date(value);
    if (!date) return std::nullopt;
    const auto left = std::chrono::duration_cast<milliseconds>(*date - now);
    return std::clamp(left, milliseconds(0), kDay);
}

}  // namespace tracing
