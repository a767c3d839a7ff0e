#include "kicks.hpp"

#include <utility>

#include "streamhost/json_object.hpp"
#include "streamhost/whole_number.hpp"

#include "listing.hpp"

namespace session {

using streamhost::bytes;
using streamhost::Host;

namespace {

constexpr std::string_view kTopic = "streamhost.session.kick";
constexpr std::string_view kClose = "close";
constexpr std::string_view kClosed = "closed";
constexpr std::uint32_t kPubsubDeadlineMs = 2'000;

std::string_view next_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::string answer_of(const std::string& session, std::uint64_t closed, const std::set<std::string>& silent) {
    return streamhost::JsonObject()
        .text("session", session)
        .number("closed", closed)
        .json("unanswered", streamhost::json_array(silent))
        .done();
}

}  // namespace

std::string write(const KickMessage& message) {
    const bool is_order = message.kind == KickMessage::Kind::kClose;
    const std::string head = std::string(is_order ? kClose : kClosed) + ' ' + message.asker + ' ' +
                             std::to_string(message.number) + ' ';
    return head + (is_order ? message.session : message.node + ' ' + std::to_string(message.closed));
}

KickMessage read_kick(std::string_view payload) {
    KickMessage message;
    const std::string_view kind = next_word(payload);
    message.asker = next_word(payload);
    const auto number = streamhost::whole_number<std::uint64_t>(next_word(payload));
    if (!number) return {};
    message.number = *number;
    if (kind == kClose) {
        message.kind = KickMessage::Kind::kClose;
        message.session = next_word(payload);
        return message.session.empty() || !payload.empty() ? KickMessage{} : message;
    }
    message.node = next_word(payload);
    const auto closed = streamhost::whole_number<std::uint64_t>(payload);
    if (kind != kClosed || !closed) return {};
    message.closed = *closed;
    message.kind = KickMessage::Kind::kClosed;
    return message;
}

void Kicks::kick(const std::string& session, sh_ticket ticket) {
    const auto round = std::make_shared<Round>();
    round->number = ++last_number_;
    round->ticket = ticket;
    round->session = session;
    round->closed = close_here_(session);
    rounds_.emplace(round->number, round);
    if (host_.after(
            SH_ON_STORE, kWaitMs, [this, round] { finish(round); }, &round->deadline) != SH_OK) {
        round->trouble = "no timer to wait for other nodes";
        finish(round);
    }
    // Before the others are told: an entry whose connections are closed is gone soon after.
    store_.list_holders(session, [this, round](const sh_result& found) {
        if (found.status != SH_OK) {
            round->trouble = "the store could not say which nodes hold the session";
        } else {
            for (Registered& one : read_listing(streamhost::body_of(found)).entries)
                round->silent.insert(std::move(one.node));
        }
        round->silent.erase(host_.node_id());
        tell_nodes(round);
    });
}

void Kicks::tell_nodes(const RoundPtr& round) {
    say({KickMessage::Kind::kClose, host_.node_id(), round->number, round->session, {}, 0},
        [this, round](const sh_result& told) {
            if (told.status == SH_OK) return finish_if_all(round);
            round->trouble = "other nodes could not be told";
            finish(round);
        });
}

void Kicks::say(const KickMessage& message, Host::Answer answer) {
    const std::string payload = write(message);
    host_.ask(
        SH_ON_STORE, pubsub_, kPubsubDeadlineMs,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.publish(self, bytes(kTopic), bytes(payload), ticket);
        },
        std::move(answer));
}

void Kicks::finish_if_all(const RoundPtr& round) {
    if (round->silent.empty()) finish(round);
}

void Kicks::finish(const RoundPtr& round) {
    if (rounds_.erase(round->number) == 0) return;  // answered already
    host_.cancel(round->deadline);
    if (!round->silent.empty() && round->trouble.empty()) round->trouble = "not all nodes answered in time";
    const auto body = host_.make_buffer(answer_of(round->session, round->closed, round->silent));
    sh_result result = Host::make_result(SH_OK);
    result.count = round->closed;
    result.body = body.get();
    streamhost::copy_text(result.detail, round->trouble);
    host_.complete(round->ticket, result);
}

void Kicks::heard(std::string_view payload) {
    const KickMessage message = read_kick(payload);
    const bool is_mine = message.asker == host_.node_id();
    if (message.kind == KickMessage::Kind::kClose && !is_mine) close_for(message);
    if (message.kind == KickMessage::Kind::kClosed && is_mine) closed_elsewhere(message);
}

void Kicks::close_for(const KickMessage& order) {
    const std::uint64_t closed = close_here_(order.session);
    // Lost, it is the asker who says that it heard nothing.
    say({KickMessage::Kind::kClosed, order.asker, order.number, {}, host_.node_id(), closed},
        [](const sh_result&) {});
}

void Kicks::closed_elsewhere(const KickMessage& message) {
    const auto found = rounds_.find(message.number);
    if (found == rounds_.end()) return;
    const RoundPtr round = found->second;
    round->closed += message.closed;
    if (round->silent.erase(message.node) > 0) finish_if_all(round);
}

void Kicks::subscribe() {
    host_.ask(
        SH_ON_STORE, pubsub_, kPubsubDeadlineMs,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.subscribe(self, bytes(kTopic), 0, events_, ticket);
        },
        [this](const sh_result& result) { note_topics(result.status); });
}

void Kicks::note_topics(sh_status status) {
    if ((status == SH_OK) == (topics_ == SH_OK)) return;
    topics_ = status;
    host_.set_health("kick", status == SH_OK ? SH_HEALTH_OK : SH_HEALTH_DEGRADED,
                     status == SH_OK ? "" : "no topics now: a kick reaches this node only");
}

}  // namespace session
