// Who the client is, what its token lets it do and how often, and when that ends.
#include <algorithm>
#include <set>

#include "streamhost/ids.hpp"

#include "client.hpp"
#include "frames.hpp"
#include "rates.hpp"

namespace gateway {

using streamhost::Host;

namespace {

constexpr std::string_view kAuthenticator = "the authenticator";

sh_result unauthenticated(std::string_view why) {
    sh_result result = Host::make_result(SH_UNAUTHENTICATED);
    streamhost::copy_text(result.detail, why);
    return result;
}

sh_result revoked_token() { return unauthenticated("the token was revoked"); }

sh_result missing_token() {
    return unauthenticated("a token is needed: in `hello`, or as Authorization: Bearer of the upgrade");
}

}  // namespace

bool Client::within_limits(const Request& request) {
    const Rate rate = rate_of(request);
    if (rate.verb == 0) return true;
    const std::string_view user = state_ == State::kNew ? std::string_view() : identity_->user;
    const sh_rate_subject subject{sizeof(subject), rate.verb, streamhost::bytes(address_),
                                  streamhost::bytes(user), streamhost::bytes(session_)};
    const std::int64_t wait_ms = door().services.take(subject, rate.cost);
    if (wait_ms == 0) return true;
    reject(request.id, too_often(wait_ms));
    return false;
}

void Client::authenticate(std::string_view token) {
    if (token.empty()) return refuse_hello(missing_token(), kAuthenticator);
    door().services.authenticate(
        target(), token, later([](Client& client, const sh_result& result) { client.identified(result); }));
    token_ = std::string();  // and its memory with it: a token is as large as all the rest
}

void Client::identified(const sh_result& result) {
    if (result.status != SH_OK) return refuse_hello(result, kAuthenticator);
    auto identity = read_identity(streamhost::body_of(result));
    if (!identity) {
        door().host.error("the auth service answered no identity");
        return refuse_hello(Host::make_result(SH_INTERNAL), kAuthenticator);
    }
    // Since the authenticator looked at it; from now on the sweep does.
    if (door().services.has_ended(identity->mark())) return refuse_hello(revoked_token(), kAuthenticator);
    become(*std::move(identity));
    const auto entered = door().services.enter("", identity_->user);
    if (entered.wait_ms > 0) {
        fail(opening_->id, too_often(entered.wait_ms));
        return connection_.close(4429, "too many connections of this user");
    }
    user_counted_by_ = entered.by;
    ask_to_join();
}

void Client::leave_user() {
    if (user_counted_by_) door().services.leave_limits("", identity_->user, *user_counted_by_);
    user_counted_by_.reset();
}

// What was let in stays, also where it would be too much by now: then it is not counted.
void Client::enter_again() {
    const std::uint64_t now = door().services.limiter();
    if (address_counted_by_ != now) {
        const auto entered = door().services.enter(address_, "");
        address_counted_by_ = entered.wait_ms > 0 ? 0 : entered.by;
    }
    if (user_counted_by_ && *user_counted_by_ != now) {
        const auto entered = door().services.enter("", identity_->user);
        user_counted_by_ = entered.wait_ms > 0 ? 0 : entered.by;
    }
}

void Client::become(Identity identity) {
    identity_ = std::make_shared<const Identity>(std::move(identity));
    ++grants_;
    own_homes_ = {};
    granted_homes_ = {};
    seen_homes_ = {};
    loop_.expiries.set(connection_.id(), identity_->expires_ms);
}

void Client::on(const Request& request, const Refresh& refresh) {
    if (!require_open(request)) return;
    if (!door().needs_token) return send(ok_frame(request.id));
    door().services.authenticate(
        target(), refresh.token,
        later([id = std::string(request.id)](Client& client, const sh_result& result) {
            client.refreshed(id, result);
        }));
}

// A token that is not accepted ends nothing: what the client has still counts until its own end.
void Client::refreshed(const std::string& id, const sh_result& result) {
    if (result.status != SH_OK) return fail(id, error_of(result, kAuthenticator));
    auto identity = read_identity(streamhost::body_of(result));
    if (!identity) return fail(id, error_of(Host::make_result(SH_INTERNAL), kAuthenticator));
    if (identity->user != identity_->user)
        return fail(id, {.code = "forbidden", .message = "another user's token; that is another connection"});
    if (door().services.has_ended(identity->mark()))
        return fail(id, error_of(revoked_token(), kAuthenticator));
    if (!may_read_session(*identity))
        return connection_.close(4403, "the new token does not grant this session");
    const streamhost::GrantList before = identity_->grants;
    become(*std::move(identity));
    send(ok_frame(id));
    judge_streams(before);
}

void Client::judge_streams(const streamhost::GrantList& before) {
    if (identity_->grants == before) return;
    if (!foreign_streams_.is_whole())
        return connection_.close(1013, "other grants, and too many streams to look at; resume by them");
    for (const std::string& stream : std::set(foreign_streams_.all()))
        judge_stream(stream, before);
}

// Whose a home is was asked when it was subscribed to by a grant for homes of one's own, and is not again.
void Client::judge_stream(const std::string& stream, const streamhost::GrantList& before) {
    using streamhost::Verb;
    const std::string home(streamhost::home_of(stream));
    if (identity_->grants.allows(Verb::kRead, home)) return;
    if (!identity_->grants.allows_own(Verb::kRead))
        return end_stream(stream, Host::make_result(SH_FORBIDDEN));
    if (!before.allows(Verb::kRead, home) && before.allows_own(Verb::kRead)) return;
    door().services.look_owner(target(), home, identity_->user,
                               later([stream, home](Client& client, const sh_result& result) {
                                   if (result.status == SH_OK) return;
                                   if (client.identity_->grants.allows(Verb::kRead, home)) return;
                                   client.end_stream(stream, result);
                               }));
}

void Client::end_stream(const std::string& stream, const sh_result& result) {
    foreign_streams_.remove(stream);
    forget_owed(stream);
    door().services.unsubscribe(target(), connection_.id(), stream,
                                later([](Client& /*client*/, const sh_result& /*result*/) {}));
    resume_failed(stream, result);
}

std::uint32_t Client::asks_for(std::string_view stream) {
    if (door().needs_token && streamhost::home_of(stream) != session_) foreign_streams_.add(stream);
    return grants_;
}

void Client::asked_for(const std::string& stream, std::uint32_t grants) {
    if (grants == grants_ || !door().needs_token || streamhost::home_of(stream) == session_) return;
    streamhost::GrantList any;
    any.add("read:*");
    judge_stream(stream, any);
}

bool Client::may_read_session(const Identity& identity) const {
    using streamhost::Verb;
    return identity.grants.allows(Verb::kRead, session_) ||
           (!is_guest_ && identity.grants.allows_own(Verb::kRead));
}

void Client::token_has_expired() const { connection_.close(4004, "the token has expired"); }

void Client::nobody_can_judge() const {
    if (state_ != State::kNew) connection_.close(1013, "nobody here can judge tokens now; try again");
}

void Client::look_at_identity() const {
    const bool is_known = identity_->issued_ms != 0 || !identity_->id.empty() || !identity_->key.empty();
    if (is_known && door().services.has_ended(identity_->mark()))
        connection_.close(4401, "the token was revoked, or the rules for tokens changed");
}

}  // namespace gateway
