// What a `hello` is promised: each stream is asked for, and again when the store could not answer, until it
// stands or is refused for good, or the client closes or does without it.
#include <algorithm>

#include "streamhost/ids.hpp"

#include "client.hpp"

namespace gateway {

using streamhost::home_of;

// Named streams first: a run that is named must not be followed from its snapshot.
void Client::promise() {
    OwedStream own{.stream = session_, .from = SH_FROM_SNAPSHOT};
    for (const auto& [stream, after] : opening_->resume) {
        if (stream != session_) {
            owed_.push_back({.stream = stream, .from = SH_FROM_POSITION, .after = after});
            continue;
        }
        own.from = SH_FROM_POSITION;
        own.after = after;
    }
    if (opening_->follow) own.flags = SH_SUBSCRIBE_FOLLOW_RUNS;
    owed_.push_back(std::move(own));
}

void Client::ask_for(const OwedStream& owed) {
    const std::string_view home = home_of(owed.stream);
    if (home == session_ || identity_->grants.allows(streamhost::Verb::kRead, home))
        return subscribe_owed(owed.stream);
    if (!identity_->grants.allows_own(streamhost::Verb::kRead))
        return stands(owed.stream, streamhost::Host::make_result(SH_FORBIDDEN));
    door().services.look_owner(target(), home, identity_->user,
                               later_owed([stream = owed.stream](Client& client, const sh_result& result) {
                                   if (result.status != SH_OK) return client.stands(stream, result);
                                   client.subscribe_owed(stream);
                                   client.line_up();  // it may be owed no more
                               }));
}

void Client::subscribe_owed(const std::string& stream) {
    const auto owed = find_owed(stream);
    if (owed == owed_.end()) return;  // the client did not want it any more
    sh_subscribe wish = subscription(stream, owed->from, owed->after);
    wish.flags = owed->flags;
    Answer answered =
        later_owed([stream, grants = asks_for(stream)](Client& client, const sh_result& result) {
            client.stands(stream, result);
            client.asked_for(stream, grants);
        });
    if (stream != session_) answered = traced(begin_subscribe("resume", stream), std::move(answered));
    door().services.subscribe(target(), wish, std::move(answered));
}

// After a time-out it may stand all the same: to ask again is to replace it.
void Client::stands(const std::string& stream, const sh_result& result) {
    const bool is_opening = state_ == State::kOpening && stream == session_;
    const auto owed = find_owed(stream);
    const bool is_wanted = owed != owed_.end();
    const bool is_late = is_wanted && is_passing(result.status);
    if (is_late) owed->is_late = true;
    if (is_wanted && !is_late) owed_.erase(owed);
    if (is_opening) {
        opened(is_late ? streamhost::Host::make_result(SH_OK) : result);
    } else if (is_wanted && !is_late && result.status != SH_OK && result.status != SH_CANCELLED) {
        resume_failed(stream, result);
    }
    line_up();
}

bool Client::is_passing(sh_status status) const {
    return (status == SH_UNAVAILABLE || status == SH_TIMEOUT) && door().services.can_welcome();
}

Client::Owed::iterator Client::find_owed(std::string_view stream) {
    return std::find_if(owed_.begin(), owed_.end(),
                        [&](const OwedStream& one) { return one.stream == stream; });
}

bool Client::is_owed(std::string_view home) const {
    return std::any_of(owed_.begin(), owed_.end(),
                       [&](const OwedStream& one) { return home_of(one.stream) == home; });
}

bool Client::forget_owed(std::string_view stream) {
    const auto found = find_owed(stream);
    if (found == owed_.end()) return false;
    owed_.erase(found);
    return true;
}

// Again when all has been answered, so that the streams are asked for in their order once more.
void Client::line_up() {
    if (state_ != State::kOpen || owed_.empty() || asked_ > 0) return;
    loop_.owed.add(connection_.id(), door().host.monotonic_ms());
}

// The session may have been believed to be this user's while nobody could be asked; nothing of it is shown
// before that is certain.
std::size_t Client::ask_for_owed() {
    const Owed all = owed_;
    const auto is_own = [this](const OwedStream& one) { return home_of(one.stream) == session_; };
    if (is_guest_) {
        for (const OwedStream& owed : all)
            ask_for(owed);
        return all.size();
    }
    if (std::any_of(all.begin(), all.end(), is_own))
        door().services.check_owner(
            target(), session_, identity_->user,
            later_owed([](Client& client, const sh_result& result) { client.owner_told(result); }));
    for (const OwedStream& owed : all)
        if (!is_own(owed)) ask_for(owed);
    return all.size();
}

void Client::owner_told(const sh_result& result) {
    if (result.status == SH_FORBIDDEN) return disown();
    for (const OwedStream& owed : Owed(owed_)) {
        if (home_of(owed.stream) != session_) continue;
        if (result.status == SH_OK)
            subscribe_owed(owed.stream);
        else
            stands(owed.stream, result);
    }
    line_up();
}

// There is no request to answer. A client that was promised this stream must not wait for ever: it is told,
// and when trying again can help it is made to.
void Client::resume_failed(const std::string& stream, const sh_result& result) {
    const Error error = error_of(result, "resuming");
    fail("", error, stream);
    if (error.retryable) connection_.close(close_code(error), "a stream could not be resumed; try again");
}

}  // namespace gateway
