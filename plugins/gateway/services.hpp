// The services that the gateway calls, as one object: each call answers once, on the client's loop, also when
// nobody provides the service or no answer comes in time.
#pragma once

#include <optional>
#include <string_view>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/chat.h"
#include "streamhost/abi/svc/ratelimit.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/session.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/host.hpp"

#include "request.hpp"

namespace gateway {

using Answer = streamhost::Host::Answer;

// [control] to make, [loop] to use; `on` is the loop that the answer is wanted on. Views are copied by
// whoever provides the service.
class Services {
public:
    Services(streamhost::Host& host, std::uint32_t timeout_ms);

    // Whether anybody reads streams to others, and whether anybody can be welcomed. [any]
    [[nodiscard]] bool can_subscribe() const;
    [[nodiscard]] bool can_welcome() const;
    [[nodiscard]] bool can_authenticate() const;
    void authenticate(sh_target on, std::string_view token, Answer answer);
    // See sh_auth; nothing, and false, while nobody can tell. [any]
    [[nodiscard]] std::optional<std::uint64_t> auth_revision() const;
    [[nodiscard]] bool has_ended(const sh_auth_mark& mark) const;
    // See sh_ratelimit: ms to wait, 0 to go on. Without such a service nothing is limited. [any]
    [[nodiscard]] std::int64_t take(const sh_rate_subject& subject, std::uint32_t cost) const;
    // The instance that counts connections now; 0: none, or one that does not say.
    [[nodiscard]] std::uint64_t limiter() const;
    struct Entered {
        std::int64_t wait_ms = 0;
        std::uint64_t by = 0;  // the instance that counts it
    };
    [[nodiscard]] Entered enter(std::string_view address, std::string_view user) const;
    // Of the instance that counted it alone.
    void leave_limits(std::string_view address, std::string_view user, std::uint64_t counted_by) const;

    void join(sh_target on, const sh_session_join& join, Answer answer);
    void leave(sh_connection connection) const;
    void look_owner(sh_target on, std::string_view home, std::string_view user, Answer answer);
    // SH_UNSUPPORTED: of a provider that does not tell.
    void connections(sh_target on, std::string_view session, Answer answer);
    void check_owner(sh_target on, std::string_view home, std::string_view user, Answer answer);

    void subscribe(sh_target on, const sh_subscribe& subscribe, Answer answer);
    void unsubscribe(sh_target on, sh_connection reader, std::string_view stream, Answer answer);

    void send(sh_target on, const sh_chat_send& send, Answer answer);
    void cancel(sh_target on, std::string_view run, std::string_view user, std::string_view reason,
                Answer answer);

    void tail(sh_target on, std::string_view stream, Answer answer);
    void snapshot(sh_target on, std::string_view stream, Answer answer);
    void read(sh_target on, std::string_view stream, const sh_range& range, std::uint32_t timeout_ms,
              Answer answer);
    void claim(sh_target on, std::string_view stream, std::uint32_t lease_ms, Answer answer);
    void renew(sh_target on, std::string_view stream, std::uint64_t fence, Answer answer);
    // To the kind of stream that it is meant for.
    void append(sh_target on, const Append& append, Answer answer);

private:
    template <typename Table, typename Body>
    void ask(sh_target on, const streamhost::Lease<Table>& lease, Body&& body, Answer answer) {
        host_.ask(on, lease, timeout_ms_, std::forward<Body>(body), std::move(answer));
    }
    // The function of the table, with its arguments between self and ticket.
    template <typename Table, typename Function, typename... Arguments>
    void ask(sh_target on, const streamhost::Lease<Table>& lease, Function Table::*function, Answer answer,
             Arguments... arguments) {
        const auto call = [&](const Table& table, void* self, sh_ticket ticket) {
            (table.*function)(self, arguments..., ticket);
        };
        ask(on, lease, call, std::move(answer));
    }

    streamhost::Host& host_;
    std::uint32_t timeout_ms_;
    streamhost::Lease<sh_auth> auth_;
    streamhost::Lease<sh_ratelimit> ratelimit_;
    streamhost::Lease<sh_session> session_;
    streamhost::Lease<sh_recovery> recovery_;
    streamhost::Lease<sh_chat> chat_;
    streamhost::Lease<sh_streamcache> streamcache_;
};

}  // namespace gateway
