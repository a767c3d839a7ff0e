#include "services.hpp"

#include <utility>

namespace gateway {

using streamhost::bytes;

namespace {

// A position beyond the head may turn out right: it is looked at for so long before the answer is given
// (docs/protocol.md, "Subscribing").
constexpr std::uint32_t kBeyondHeadMs = 5'000;

template <typename Table>
bool is_there(const streamhost::Lease<Table>& lease) {
    return lease.call([](const auto&, void*) {}) == SH_OK;
}

std::uint64_t epoch_of(const sh_ratelimit& table, void* self) {
    return streamhost::has(table, table.epoch) ? table.epoch(self) : 0;
}

}  // namespace

Services::Services(streamhost::Host& host, std::uint32_t timeout_ms)
    : host_(host),
      timeout_ms_(timeout_ms),
      auth_(host.acquire<sh_auth>(SH_SVC_AUTH)),
      ratelimit_(host.acquire<sh_ratelimit>(SH_SVC_RATELIMIT)),
      session_(host.acquire<sh_session>(SH_SVC_SESSION)),
      recovery_(host.acquire<sh_recovery>(SH_SVC_RECOVERY)),
      chat_(host.acquire<sh_chat>(SH_SVC_CHAT)),
      streamcache_(host.acquire<sh_streamcache>(SH_SVC_STREAMCACHE)) {}

bool Services::can_subscribe() const { return is_there(recovery_); }

bool Services::can_welcome() const { return is_there(session_) && is_there(recovery_); }

bool Services::can_authenticate() const { return is_there(auth_); }

void Services::authenticate(sh_target on, std::string_view token, Answer answer) {
    ask(on, auth_, &sh_auth::authenticate, std::move(answer), bytes(token));
}

std::optional<std::uint64_t> Services::auth_revision() const {
    std::optional<std::uint64_t> revision;
    static_cast<void>(auth_.call([&](const sh_auth& table, void* self) { revision = table.revision(self); }));
    return revision;
}

bool Services::has_ended(const sh_auth_mark& mark) const {
    bool has = false;
    static_cast<void>(
        auth_.call([&](const sh_auth& table, void* self) { has = table.has_ended(self, &mark) != 0; }));
    return has;
}

std::int64_t Services::take(const sh_rate_subject& subject, std::uint32_t cost) const {
    std::int64_t wait_ms = 0;
    static_cast<void>(ratelimit_.call(
        [&](const sh_ratelimit& table, void* self) { wait_ms = table.take(self, &subject, cost); }));
    return wait_ms;
}

std::uint64_t Services::limiter() const {
    std::uint64_t epoch = 0;
    static_cast<void>(
        ratelimit_.call([&](const sh_ratelimit& table, void* self) { epoch = epoch_of(table, self); }));
    return epoch;
}

Services::Entered Services::enter(std::string_view address, std::string_view user) const {
    Entered entered;
    static_cast<void>(ratelimit_.call([&](const sh_ratelimit& table, void* self) {
        entered = {table.enter(self, bytes(address), bytes(user)), epoch_of(table, self)};
    }));
    return entered;
}

void Services::leave_limits(std::string_view address, std::string_view user, std::uint64_t counted_by) const {
    static_cast<void>(ratelimit_.call([&](const sh_ratelimit& table, void* self) {
        if (epoch_of(table, self) == counted_by) table.leave(self, bytes(address), bytes(user));
    }));
}

void Services::join(sh_target on, const sh_session_join& join, Answer answer) {
    ask(on, session_, &sh_session::join, std::move(answer), &join);
}

// Without an answer; where the service is away, so are its books.
void Services::leave(sh_connection connection) const {
    static_cast<void>(
        session_.call([&](const sh_session& table, void* self) { table.leave(self, connection); }));
}

void Services::look_owner(sh_target on, std::string_view home, std::string_view user, Answer answer) {
    ask(
        on, session_,
        [&](const sh_session& table, void* self, sh_ticket ticket) {
            const bool can_look = streamhost::has(table, table.look_owner);
            (can_look ? table.look_owner : table.check_owner)(self, bytes(home), bytes(user), ticket);
        },
        std::move(answer));
}

void Services::connections(sh_target on, std::string_view session, Answer answer) {
    ask(
        on, session_,
        [&](const sh_session& table, void* self, sh_ticket ticket) {
            if (streamhost::has(table, table.connections))
                return table.connections(self, bytes(session), ticket);
            host_.complete(ticket, SH_UNSUPPORTED);
        },
        std::move(answer));
}

void Services::check_owner(sh_target on, std::string_view home, std::string_view user, Answer answer) {
    ask(on, session_, &sh_session::check_owner, std::move(answer), bytes(home), bytes(user));
}

void Services::subscribe(sh_target on, const sh_subscribe& subscribe, Answer answer) {
    host_.ask(
        on, recovery_, timeout_ms_ + kBeyondHeadMs,
        [&](const sh_recovery& table, void* self, sh_ticket ticket) {
            table.subscribe(self, &subscribe, ticket);
        },
        std::move(answer));
}

void Services::unsubscribe(sh_target on, sh_connection reader, std::string_view stream, Answer answer) {
    ask(on, recovery_, &sh_recovery::unsubscribe, std::move(answer), reader, bytes(stream));
}

void Services::send(sh_target on, const sh_chat_send& send, Answer answer) {
    ask(on, chat_, &sh_chat::send, std::move(answer), &send);
}

void Services::cancel(sh_target on, std::string_view run, std::string_view user, std::string_view reason,
                      Answer answer) {
    ask(on, chat_, &sh_chat::cancel, std::move(answer), bytes(run), bytes(user), bytes(reason));
}

void Services::tail(sh_target on, std::string_view stream, Answer answer) {
    ask(on, streamcache_, &sh_streamcache::tail, std::move(answer), bytes(stream));
}

void Services::snapshot(sh_target on, std::string_view stream, Answer answer) {
    ask(on, streamcache_, &sh_streamcache::snapshot, std::move(answer), bytes(stream));
}

void Services::read(sh_target on, std::string_view stream, const sh_range& range, std::uint32_t timeout_ms,
                    Answer answer) {
    host_.ask(
        on, streamcache_, timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.read(self, bytes(stream), &range, ticket);
        },
        std::move(answer));
}

void Services::claim(sh_target on, std::string_view stream, std::uint32_t lease_ms, Answer answer) {
    ask(on, streamcache_, &sh_streamcache::claim, std::move(answer), bytes(stream), lease_ms, 0u);
}

void Services::renew(sh_target on, std::string_view stream, std::uint64_t fence, Answer answer) {
    ask(on, streamcache_, &sh_streamcache::renew, std::move(answer), bytes(stream), fence);
}

void Services::append(sh_target on, const Append& append, Answer answer) {
    const auto count = static_cast<std::uint32_t>(append.items.size());
    const sh_append owned{sizeof(owned),    count,      bytes(append.stream),
                          append.fence,     append.seq, append.items.data(),
                          bytes(append.end)};
    const sh_publish shared{sizeof(shared), count, bytes(append.stream), bytes(append.key),
                            append.items.data()};
    ask(
        on, streamcache_,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            append.is_owned ? table.append(self, &owned, ticket) : table.publish(self, &shared, ticket);
        },
        std::move(answer));
}

}  // namespace gateway
