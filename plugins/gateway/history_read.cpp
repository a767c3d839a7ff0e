#include "history_read.hpp"

#include <utility>

namespace gateway {

using streamhost::Host;

namespace {

void go_on(Door& door, sh_target on, const std::shared_ptr<HistoryRead>& read, Answer done) {
    const auto range = read->scan.next();
    if (!range) return done(Host::make_result(SH_OK));
    const std::int64_t left_ms = read->end_ms - door.host.monotonic_ms();
    if (left_ms <= 0) return done(Host::make_result(SH_TIMEOUT));
    door.services.read(on, read->session, *range, static_cast<std::uint32_t>(left_ms),
                       [&door, on, read, tell = std::move(done)](const sh_result& result) mutable {
                           if (result.status != SH_OK) return tell(result);
                           read->scan.take(streamhost::records_of(result));
                           go_on(door, on, read, std::move(tell));
                       });
}

}  // namespace

void read_history(Door& door, sh_target on, const std::shared_ptr<HistoryRead>& read, Answer done) {
    door.services.tail(on, read->session,
                       [&door, on, read, tell = std::move(done)](const sh_result& result) mutable {
                           if (result.status != SH_OK) return tell(result);
                           read->scan.set_bounds(result.first, result.last);
                           go_on(door, on, read, std::move(tell));
                       });
}

// Reading changes nothing: that it took too long leaves no doubt to resolve, only another try.
std::optional<Error> history_error(const HistoryRead& read, const sh_result& result) {
    if (result.status == SH_TIMEOUT)
        return error_of(Host::make_result(SH_UNAVAILABLE), "a log that answers in time");
    if (result.status != SH_OK) return error_of(result, kCache);
    if (read.scan.has_found()) return std::nullopt;
    return Error{.code = "not_found", .message = "no message `before` in what history reaches"};
}

}  // namespace gateway
